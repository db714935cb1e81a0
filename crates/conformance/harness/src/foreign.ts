/** Other processors: how programs are linked for them, and what runs these programs here. */
import { printed } from "./system.js";

/** The target of this machine. */
export const HOST = /host: (\S+)/.exec(printed("rustc", "-vV"))?.[1] ?? "";

export interface Foreign {
  readonly target: string;
  readonly linker: string;
  /** Debian's packages with the linker and the C library. */
  readonly packages: string;
  /** `undefined` if this machine's processor runs the programs itself. */
  readonly emulator: string | undefined;
}

/** Targets by name: the prefix of Debian's linker, Debian's packages, and the emulator. */
const TARGETS = [
  [
    "x86_64-unknown-linux-gnu",
    "x86_64-linux-gnu",
    "gcc-x86-64-linux-gnu libc6-dev-amd64-cross",
    "qemu-x86_64",
  ],
  ["i686-unknown-linux-gnu", "i686-linux-gnu", "gcc-i686-linux-gnu libc6-dev-i386-cross", "qemu-i386"],
  [
    "aarch64-unknown-linux-gnu",
    "aarch64-linux-gnu",
    "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    "qemu-aarch64",
  ],
  [
    "armv7-unknown-linux-gnueabihf",
    "arm-linux-gnueabihf",
    "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
    "qemu-arm",
  ],
  [
    "riscv64gc-unknown-linux-gnu",
    "riscv64-linux-gnu",
    "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross",
    "qemu-riscv64",
  ],
  ["s390x-unknown-linux-gnu", "s390x-linux-gnu", "gcc-s390x-linux-gnu libc6-dev-s390x-cross", "qemu-s390x"],
] as const;

export const FOREIGN: readonly Foreign[] = TARGETS.filter(([target]) => target !== HOST).map(
  ([target, prefix, packages, emulator]) => {
    // These processors run the 32-bit code themselves.
    const own = target.startsWith("i686") && HOST.startsWith("x86_64");
    return { target, linker: `${prefix}-gcc`, packages, emulator: own ? undefined : emulator };
  },
);

/** What Cargo has to be told. Linked statically: an emulator needs nothing of the other system then. */
export function cargoSettings({ target, linker, emulator }: Foreign): Record<string, string> {
  const variable = `CARGO_TARGET_${target.toUpperCase().replaceAll("-", "_")}`;
  return {
    [`${variable}_LINKER`]: linker,
    [`${variable}_RUSTFLAGS`]: "-C target-feature=+crt-static",
    ...(emulator !== undefined && { [`${variable}_RUNNER`]: emulator }),
  };
}
