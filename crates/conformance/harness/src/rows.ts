/** The rows. A row is a target, an engine that runs the code, and a build. */
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
  type Prerequisite,
  rustTarget,
  WASMTIME_PYTHON,
  wasmtime,
} from "./prerequisites.js";
import type { Command } from "./program.js";
import { HARNESS, IS_LINUX, outputOf, versionOf } from "./system.js";

export interface Row {
  readonly target: string;
  /** The engine that runs the code. */
  readonly engine: string;
  /** Returns the version of the engine. Called only if the engine is installed. */
  readonly version: () => string;
  readonly build: string;
  /** The profile of the digest's own code, and of the tickseed engine if it is linked in. */
  readonly profile: Profile;
  readonly needs: readonly Prerequisite[];
  /** Builds the row, and returns the command that runs it. */
  readonly prepare: () => Promise<Command>;
  readonly pace: Pace;
}

const PROCESSOR = { engine: "the processor", version: () => "" };
const NODE = { engine: "V8, Node.js", version: () => process.versions.node };
const WASM = "wasm32-unknown-unknown";
const LOCAL = join(HARNESS, "dist/hosts/local.js");
const BROWSER = join(HARNESS, "dist/hosts/browser.js");
const IN_WASMTIME = join(HARNESS, "src/hosts/in_wasmtime.py");

/** Returns every row. All others are compared with the first. */
export function rows(): Row[] {
  return [
    ...hostRows(),
    ...(IS_LINUX ? foreignRows() : []),
    ...packageRows(),
    ...javascriptRows(),
    ...linkedRows(),
  ];
}

function hostRows(): Row[] {
  const common = { target: HOST, ...PROCESSOR, needs: [] };
  const row = (profile: Profile, build: string, pace: Pace): Row => {
    return { ...common, build, profile, prepare: async () => [await buildNative(profile)], pace };
  };
  const reference: Row = {
    ...common,
    build: "the reference, opt-level 3",
    profile: "release",
    prepare: async () => [await buildReference()],
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
    const runner =
      emulator === undefined ? PROCESSOR : { engine: emulator, version: () => versionOf(emulator) };
    const row = (profile: Profile, build: string): Row => ({
      target,
      ...runner,
      build,
      profile,
      needs: emulator === undefined ? needs : [...needs, debian(emulator, "qemu-user")],
      prepare: async () => {
        const program = await buildNative(profile, foreign);
        return emulator === undefined ? [program] : [emulator, program];
      },
      pace: emulator === undefined ? "fast" : "steady",
    });
    // On the big-endian target both optimisation levels matter: byte order shows in code that loads and stores numbers.
    return target.startsWith("s390x")
      ? [row("release", "opt-level 3"), row("small", "opt-level z")]
      : [row("release", "opt-level 3")];
  });
}

/** The npm package's file in every engine. */
function packageRows(): Row[] {
  const withDriver = (command: (driver: string) => Command | Promise<Command>) => async () =>
    command(await buildDriver("release", false));
  const row = { target: WASM, build: "the npm package's file", profile: "release" } as const;
  const withoutJavaScript = ["--package", PACKAGE_MODULE, ADAPTER] as const;
  return [
    {
      ...row,
      ...NODE,
      needs: [],
      prepare: withDriver((driver) => [process.execPath, LOCAL, driver, "--package"]),
      pace: "fast",
    },
    {
      ...row,
      engine: "V8, Chromium",
      version: () => versionOf(chromium() ?? ""),
      needs: [browser("Chromium", chromium, "CHROMIUM")],
      prepare: withDriver((driver) => [process.execPath, BROWSER, "chromium", chromium() ?? "", driver]),
      pace: "fast",
    },
    {
      ...row,
      engine: "SpiderMonkey, Firefox",
      version: () => versionOf(firefox() ?? ""),
      needs: [browser("Firefox", firefox, "FIREFOX")],
      prepare: withDriver((driver) => [process.execPath, BROWSER, "firefox", firefox() ?? "", driver]),
      pace: "steady",
    },
    {
      ...row,
      engine: "JavaScriptCore, Bun",
      version: () => versionOf(BUN),
      needs: [bun],
      prepare: withDriver((driver) => [BUN, LOCAL, driver, "--package"]),
      pace: "steady",
    },
    {
      ...row,
      engine: "wasmtime",
      version: wasmtimeVersion,
      needs: [wasmtime],
      prepare: withDriver((driver) => [WASMTIME_PYTHON, IN_WASMTIME, driver, ...withoutJavaScript]),
      pace: "steady",
    },
    {
      ...row,
      engine: "wasmi",
      version: wasmiVersion,
      needs: [],
      prepare: withDriver(async (driver) => [await buildWasmi(), driver, ...withoutJavaScript]),
      pace: "slow",
    },
  ];
}

/** The npm package's engine as JavaScript. Only the driver is WebAssembly, so V8's interpreter alone, which has none, cannot run it. */
function javascriptRows(): Row[] {
  return [
    {
      target: WASM,
      ...NODE,
      build: "the npm package's JavaScript",
      profile: "release",
      needs: [],
      prepare: async () => [process.execPath, LOCAL, await buildDriver("release", false), "--javascript"],
      pace: "steady",
    },
  ];
}

/** Drivers with the engine linked in, compiled in other ways than the npm package's file. */
function linkedRows(): Row[] {
  const row = (
    profile: Profile,
    build: string,
    pace: Pace,
    optimize = async (driver: string) => driver,
  ): Row => ({
    target: WASM,
    ...NODE,
    build,
    profile,
    needs: [],
    prepare: async () => [process.execPath, LOCAL, await optimize(await buildDriver(profile, true))],
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
  return outputOf(WASMTIME_PYTHON, "-c", "import importlib.metadata as m; print(m.version('wasmtime'))");
}

function wasmiVersion(): string {
  return (
    / wasmi v(\S+)/.exec(
      outputOf("cargo", "tree", "--package", "tickseed-conformance", "--features", "wasmi", "--depth", "1"),
    )?.[1] ?? ""
  );
}

/**
 * Returns the rows with a text in their target, engine or build, and the first row, which they are compared with.
 *
 * @throws Error if no row has the text.
 */
export function selectRows(all: readonly Row[], text: string): readonly Row[] {
  const [first, ...others] = all;
  const has = ({ target, engine, build }: Row) =>
    `${target}, ${engine}, ${build}`.toLowerCase().includes(text.toLowerCase());
  const selected = others.filter(has);
  if (first === undefined || (selected.length === 0 && !has(first))) {
    throw new Error(`no row has "${text}" in its target, engine or build`);
  }
  return [first, ...selected];
}
