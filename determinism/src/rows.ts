/** Which targets there are. One row is a target, an engine that runs the code, and a build. */
import { join } from "node:path";

import {
  ADAPTER,
  buildDriver,
  buildNative,
  buildWasmi,
  optimized,
  PACKAGE_MODULE,
  type Profile,
} from "./build.js";
import {
  BUN,
  browser,
  bun,
  chromium,
  debian,
  firefox,
  type Part,
  rustTarget,
  WASMTIME_PYTHON,
  wasmtime,
} from "./parts.js";
import type { Command } from "./program.js";
import { HERE, IS_LINUX, printed, versionOf } from "./system.js";

export interface Row {
  readonly target: string;
  /** What runs the code. Asked for only if it is there. */
  readonly engine: () => string;
  readonly build: string;
  readonly needs: readonly Part[];
  /** Builds what is needed, and says how it is started. */
  readonly prepare: () => Command;
  /** `far`: the full run takes it to the end. `slow`: it gets a tenth of the states in every other run. */
  readonly pace?: "far" | "slow";
}

const HOST = /host: (\S+)/.exec(printed("rustc", "-vV"))?.[1] ?? "";
const WASM = "wasm32-unknown-unknown";
const LOCAL = join(HERE, "dist/hosts/local.js");
const BROWSER = join(HERE, "dist/hosts/browser.js");
const IN_WASMTIME = join(HERE, "src/hosts/in_wasmtime.py");

/** Every row, the one first that all others are compared with. */
export function rows(): Row[] {
  return [...hostRows(), ...(IS_LINUX ? foreignRows() : []), ...packageRows(), ...linkedRows()];
}

function hostRows(): Row[] {
  const row = (profile: Profile, build: string, pace?: "far" | "slow"): Row => ({
    target: HOST,
    engine: () => "the processor",
    build,
    needs: [],
    prepare: () => [buildNative(profile)],
    ...(pace && { pace }),
  });
  return [
    row("release", "opt-level 3", "far"),
    row("small", "opt-level z", "far"),
    row("dev", "debug", "slow"),
  ];
}

/** Targets by name: the prefix of Debian's linker, Debian's packages, and the emulator that runs them. */
const FOREIGN = [
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

function foreignRows(): Row[] {
  return FOREIGN.filter(([target]) => target !== HOST).flatMap(([target, prefix, packages, emulator]) => {
    const linker = `${prefix}-gcc`;
    // These processors run the 32-bit code themselves.
    const emulated = !(target.startsWith("i686") && HOST.startsWith("x86_64"));
    const needs = [rustTarget(target), debian(linker, packages)];
    const row = (profile: Profile, build: string): Row => ({
      target,
      engine: () => (emulated ? `${emulator} ${versionOf(emulator)}` : "the processor"),
      build,
      needs: emulated ? [...needs, debian(emulator, "qemu-user")] : needs,
      prepare: () => {
        const program = buildNative(profile, { target, linker });
        return emulated ? [emulator, program] : [program];
      },
    });
    // The other byte order also in the other optimization: they meet in code that loads and stores numbers.
    return target.startsWith("s390x")
      ? [row("release", "opt-level 3"), row("small", "opt-level z")]
      : [row("release", "opt-level 3")];
  });
}

/** The file that the npm package ships, in every engine. */
function packageRows(): Row[] {
  const over = (start: (driver: string) => Command) => () => start(buildDriver("release", false));
  const row = { target: WASM, build: "the npm package's file" };
  const withoutJavaScript = ["--package", PACKAGE_MODULE, ADAPTER] as const;
  return [
    {
      ...row,
      engine: () => `V8 (Node.js ${process.versions.node})`,
      needs: [],
      prepare: over((driver) => [process.execPath, LOCAL, driver, "--package"]),
      pace: "far",
    },
    {
      ...row,
      engine: () => `V8 (Chromium ${versionOf(chromium() ?? "")})`,
      needs: [browser("Chromium", chromium, "CHROMIUM")],
      prepare: over((driver) => [process.execPath, BROWSER, "chromium", chromium() ?? "", driver]),
      pace: "far",
    },
    {
      ...row,
      engine: () => `SpiderMonkey (Firefox ${versionOf(firefox() ?? "")})`,
      needs: [browser("Firefox", firefox, "FIREFOX")],
      prepare: over((driver) => [process.execPath, BROWSER, "firefox", firefox() ?? "", driver]),
    },
    {
      ...row,
      engine: () => `JavaScriptCore (Bun ${versionOf(BUN)})`,
      needs: [bun],
      prepare: over((driver) => [BUN, LOCAL, driver, "--package"]),
    },
    {
      ...row,
      engine: () => `wasmtime ${wasmtimeVersion()}`,
      needs: [wasmtime],
      prepare: over((driver) => [WASMTIME_PYTHON, IN_WASMTIME, driver, ...withoutJavaScript]),
    },
    {
      ...row,
      engine: () => `wasmi ${wasmiVersion()}`,
      needs: [],
      prepare: over((driver) => [buildWasmi(), driver, ...withoutJavaScript]),
      pace: "slow",
    },
  ];
}

/** The engine inside the driver, compiled in other ways than the npm package's. */
function linkedRows(): Row[] {
  const row = (build: string, driver: () => string, pace?: "slow"): Row => ({
    target: WASM,
    engine: () => `V8 (Node.js ${process.versions.node})`,
    build,
    needs: [],
    prepare: () => [process.execPath, LOCAL, driver()],
    ...(pace && { pace }),
  });
  const linked = (profile: Profile) => () => buildDriver(profile, true);
  return [
    row("opt-level 3", linked("release")),
    row("opt-level 3, wasm-opt -O4", () => optimized(buildDriver("release", true), "-O4")),
    row("opt-level z", linked("small")),
    row("opt-level z, wasm-opt -Oz", () => optimized(buildDriver("small", true), "-Oz")),
    row("debug", linked("dev"), "slow"),
  ];
}

function wasmtimeVersion(): string {
  return printed(WASMTIME_PYTHON, "-c", "import importlib.metadata as m; print(m.version('wasmtime'))");
}

function wasmiVersion(): string {
  return (
    / wasmi v(\S+)/.exec(
      printed("cargo", "tree", "--package", "tickseed-digest-wasmi", "--depth", "1"),
    )?.[1] ?? ""
  );
}
