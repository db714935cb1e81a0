/** Which targets there are. One row is a target, an engine that runs the code, and a build. */
import { join } from "node:path";

import {
  ADAPTER,
  buildDriver,
  buildNative,
  buildReference,
  buildWasmi,
  optimized,
  PACKAGE_MODULE,
  type Profile,
} from "./build.js";
import { FOREIGN, HOST } from "./foreign.js";
import type { Pace } from "./options.js";
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
  /** What runs the code. */
  readonly engine: string;
  /** Its version, asked for only if it is there. */
  readonly version: () => string;
  readonly build: string;
  /** How the digest's own code is compiled; the engine too, if it is linked in. */
  readonly profile: Profile;
  readonly needs: readonly Part[];
  /** Builds what is needed, and says how it is started. */
  readonly prepare: () => Command;
  readonly pace: Pace;
}

const PROCESSOR = { engine: "the processor", version: () => "" };
const NODE = { engine: "V8, Node.js", version: () => process.versions.node };
const WASM = "wasm32-unknown-unknown";
const LOCAL = join(HERE, "dist/hosts/local.js");
const BROWSER = join(HERE, "dist/hosts/browser.js");
const IN_WASMTIME = join(HERE, "src/hosts/in_wasmtime.py");

/** Every row, the one first that all others are compared with. */
export function rows(): Row[] {
  return [...hostRows(), ...(IS_LINUX ? foreignRows() : []), ...packageRows(), ...linkedRows()];
}

function hostRows(): Row[] {
  const on = { target: HOST, ...PROCESSOR, needs: [] };
  const row = (profile: Profile, build: string, pace: Pace): Row => {
    return { ...on, build, profile, prepare: () => [buildNative(profile)], pace };
  };
  const reference: Row = {
    ...on,
    build: "the reference, opt-level 3",
    profile: "release",
    prepare: () => [buildReference()],
    pace: "slowest",
  };
  return [
    row("release", "opt-level 3", "fast"),
    row("small", "opt-level z", "fast"),
    row("dev", "debug", "slow"),
    reference,
  ];
}

function foreignRows(): Row[] {
  return FOREIGN.flatMap((foreign) => {
    const { target, linker, packages, emulator } = foreign;
    const needs = [rustTarget(target), debian(linker, packages)];
    const by = emulator === undefined ? PROCESSOR : { engine: emulator, version: () => versionOf(emulator) };
    const row = (profile: Profile, build: string): Row => ({
      target,
      ...by,
      build,
      profile,
      needs: emulator === undefined ? needs : [...needs, debian(emulator, "qemu-user")],
      prepare: () => {
        const program = buildNative(profile, foreign);
        return emulator === undefined ? [program] : [emulator, program];
      },
      pace: emulator === undefined ? "fast" : "steady",
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
  const row = { target: WASM, build: "the npm package's file", profile: "release" } as const;
  const withoutJavaScript = ["--package", PACKAGE_MODULE, ADAPTER] as const;
  return [
    {
      ...row,
      ...NODE,
      needs: [],
      prepare: over((driver) => [process.execPath, LOCAL, driver, "--package"]),
      pace: "fast",
    },
    {
      ...row,
      engine: "V8, Chromium",
      version: () => versionOf(chromium() ?? ""),
      needs: [browser("Chromium", chromium, "CHROMIUM")],
      prepare: over((driver) => [process.execPath, BROWSER, "chromium", chromium() ?? "", driver]),
      pace: "fast",
    },
    {
      ...row,
      engine: "SpiderMonkey, Firefox",
      version: () => versionOf(firefox() ?? ""),
      needs: [browser("Firefox", firefox, "FIREFOX")],
      prepare: over((driver) => [process.execPath, BROWSER, "firefox", firefox() ?? "", driver]),
      pace: "steady",
    },
    {
      ...row,
      engine: "JavaScriptCore, Bun",
      version: () => versionOf(BUN),
      needs: [bun],
      prepare: over((driver) => [BUN, LOCAL, driver, "--package"]),
      pace: "steady",
    },
    {
      ...row,
      engine: "wasmtime",
      version: wasmtimeVersion,
      needs: [wasmtime],
      prepare: over((driver) => [WASMTIME_PYTHON, IN_WASMTIME, driver, ...withoutJavaScript]),
      pace: "steady",
    },
    {
      ...row,
      engine: "wasmi",
      version: wasmiVersion,
      needs: [],
      prepare: over((driver) => [buildWasmi(), driver, ...withoutJavaScript]),
      pace: "slow",
    },
  ];
}

/** The engine inside the driver, compiled in other ways than the npm package's. */
function linkedRows(): Row[] {
  const row = (profile: Profile, build: string, pace: Pace, then = (driver: string) => driver): Row => ({
    target: WASM,
    ...NODE,
    build,
    profile,
    needs: [],
    prepare: () => [process.execPath, LOCAL, then(buildDriver(profile, true))],
    pace,
  });
  return [
    row("release", "opt-level 3", "fast"),
    row("release", "opt-level 3, wasm-opt -O4", "fast", (driver) => optimized(driver, "-O4")),
    row("small", "opt-level z", "fast"),
    row("small", "opt-level z, wasm-opt -Oz", "fast", (driver) => optimized(driver, "-Oz")),
    row("dev", "debug", "slow"),
  ];
}

function wasmtimeVersion(): string {
  return printed(WASMTIME_PYTHON, "-c", "import importlib.metadata as m; print(m.version('wasmtime'))");
}

function wasmiVersion(): string {
  return (
    / wasmi v(\S+)/.exec(
      printed("cargo", "tree", "--package", "tickseed-conformance", "--features", "wasmi", "--depth", "1"),
    )?.[1] ?? ""
  );
}

/**
 * The rows that have a text in the name of their target, engine or build, and the first, which they are compared with.
 *
 * @throws Error if there is none.
 */
export function chosenOf(all: readonly Row[], text: string): readonly Row[] {
  const [first, ...others] = all;
  const has = ({ target, engine, build }: Row) =>
    `${target}, ${engine}, ${build}`.toLowerCase().includes(text.toLowerCase());
  const chosen = others.filter(has);
  if (first === undefined || (chosen.length === 0 && !has(first))) {
    throw new Error(`no row has "${text}" in its target, engine or build`);
  }
  return [first, ...chosen];
}
