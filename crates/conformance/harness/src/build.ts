/** Builds the digest, as native programs and as WebAssembly drivers. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { cargoSettings, type Foreign } from "./foreign.js";
import { HARNESS, ROOT } from "./system.js";

/** Cargo's profiles. `small` is opt-level z. */
export type Profile = "release" | "small" | "dev";

/** Rejects with all that the program printed, if it fails. */
const execute = promisify(execFile);

/** The value of `BUILD` in crates/conformance for each profile. */
export const COMPILED: Record<Profile, string> = {
  release: "release, opt-level 3",
  small: "release, opt-level z",
  dev: "debug, opt-level 0",
};

const PACKAGE = ["--package", "tickseed-conformance"] as const;
const DRIVER_PACKAGE = ["--package", "tickseed-conformance-driver"] as const;
/** The profile of programs that are fast but not under test. */
const TOOL = "tool";
/**
 * Another processor's compiler is under test, not the optimisation across crates, which the rows of this machine cover and which
 * takes most of a build.
 */
const WITHOUT_LONG_LINK = { CARGO_PROFILE_RELEASE_LTO: "off", CARGO_PROFILE_SMALL_LTO: "off" };
const WASM_TARGET = "wasm32-unknown-unknown";
/** A Node.js program, started directly because npm's wrapper in `.bin` cannot be started on every system. */
const WASM_OPT = join(HARNESS, "node_modules/binaryen/bin/wasm-opt");
const TARGET_FOLDER = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "determinism");
/**
 * Programs run from copies in this folder. Cargo gives all drivers of a profile the same name, and a build in this clone
 * during a long run must not change the programs that the run has yet to start.
 */
const COPIES = join(ROOT, "artifacts", "determinism");

/**
 * Programs for this machine, programs for other processors, and drivers are built in folders of their own, because Cargo locks
 * a folder during a build.
 */
type Kind = "host" | "foreign" | "drivers";
/** The last build in each of the folders. */
const builds = new Map<Kind, Promise<unknown>>();

/** The npm package's module, and the adapter between it and a driver in engines without JavaScript. */
export const PACKAGE_MODULE = join(ROOT, "crates/engine-wasm/npm/generated/tickseed_bg.wasm");
export const ADAPTER = join(HARNESS, "src/hosts/adapter.wat");

/** Builds the native program for this machine or for another processor, and returns its path. */
export function buildNative(profile: Profile, foreign?: Foreign): Promise<string> {
  const target = foreign === undefined ? [] : ["--target", foreign.target];
  return build(
    foreign === undefined ? "host" : "foreign",
    [...PACKAGE, "--profile", profile, ...target],
    join(foreign?.target ?? "", folderOf(profile), programFile("digest")),
    programFile(`digest-${foreign?.target ?? "host"}-${profile}`),
    foreign && { ...cargoSettings(foreign), ...WITHOUT_LONG_LINK },
  );
}

/** Builds the program that runs drivers in wasmi, and returns its path. */
export function buildWasmi(): Promise<string> {
  return buildFeature("wasmi", "digest-in-wasmi");
}

/** Builds the program of the reference implementation, and returns its path. */
export function buildReference(): Promise<string> {
  return buildFeature("reference", "digest-of-reference");
}

/** Builds a program that needs one feature, without the production engine. */
function buildFeature(feature: string, program: string): Promise<string> {
  return build(
    "host",
    [...PACKAGE, "--no-default-features", "--features", feature, "--profile", TOOL],
    join(TOOL, programFile(program)),
    programFile(program),
  );
}

/** Builds a driver that imports an engine, or has one linked in, and returns its path. */
export function buildDriver(profile: Profile, linked: boolean): Promise<string> {
  const features = linked ? ["--features", "linked"] : [];
  return build(
    "drivers",
    [...DRIVER_PACKAGE, "--target", WASM_TARGET, "--profile", profile, ...features],
    join(WASM_TARGET, folderOf(profile), "tickseed_conformance_driver.wasm"),
    `${linked ? "linked" : "imported"}-${profile}.wasm`,
  );
}

/** Runs wasm-opt on a driver, and returns the path of the result. */
export async function optimized(driver: string, ...options: readonly string[]): Promise<string> {
  const result = driver.replace(/\.wasm$/, "-optimized.wasm");
  await execute(process.execPath, [WASM_OPT, driver, ...options, "-o", result]);
  return result;
}

/**
 * Builds a file in Cargo's folder of this kind, and returns the path of its copy in `COPIES`. Each build waits for the one before
 * it in that folder: Cargo would make it wait anyway, and it may overwrite the file.
 */
function build(
  kind: Kind,
  args: readonly string[],
  file: string,
  name: string,
  settings: Record<string, string> = {},
): Promise<string> {
  const folder = join(TARGET_FOLDER, kind);
  const before = builds.get(kind) ?? Promise.resolve();
  const built = before.then(async () => {
    await cargo(folder, args, settings);
    mkdirSync(COPIES, { recursive: true });
    copyFileSync(join(folder, file), join(COPIES, name));
    return join(COPIES, name);
  });
  builds.set(
    kind,
    built.catch(() => undefined),
  );
  return built;
}

const programFile = (name: string) => (process.platform === "win32" ? `${name}.exe` : name);
const folderOf = (profile: Profile) => (profile === "dev" ? "debug" : profile);

async function cargo(
  folder: string,
  args: readonly string[],
  settings: Record<string, string>,
): Promise<void> {
  await execute("cargo", ["build", "--quiet", ...args], {
    cwd: ROOT,
    // Cargo variables in the user's environment must not move the output elsewhere.
    env: { ...process.env, CARGO_TARGET_DIR: folder, CARGO_BUILD_TARGET: undefined, ...settings },
  });
}
