/** Other processors: how to link programs for them, and what runs those programs here. */
import { outputOf } from "./system.js";

/** The target triple of this machine. */
export const HOST = /host: (\S+)/.exec(outputOf("rustc", "-vV"))?.[1] ?? "";

export interface Foreign {
  readonly target: string;
  readonly linker: string;
  /** The Debian packages with the linker and the C library. */
  readonly packages: string;
  /** `undefined` if this machine's processor can run the programs. */
  readonly emulator: string | undefined;
}

/** Target, prefix of Debian's linker, Debian packages, emulator. */
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
    // x86-64 processors also run 32-bit x86 code.
    const runsHere = target.startsWith("i686") && HOST.startsWith("x86_64");
    return { target, linker: `${prefix}-gcc`, packages, emulator: runsHere ? undefined : emulator };
  },
);

/** Cargo's settings for a target. Programs are linked statically, so that an emulator needs no foreign libraries. */
export function cargoSettings({ target, linker, emulator }: Foreign): Record<string, string> {
  const variable = `CARGO_TARGET_${target.toUpperCase().replaceAll("-", "_")}`;
  return {
    [`${variable}_LINKER`]: linker,
    [`${variable}_RUSTFLAGS`]: "-C target-feature=+crt-static",
    ...(emulator !== undefined && { [`${variable}_RUNNER`]: emulator }),
  };
}
