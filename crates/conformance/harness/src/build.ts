/** Builds the digest, as native programs and as WebAssembly drivers. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { cargoSettings, type Foreign } from "./foreign.js";
import { HARNESS, ROOT } from "./system.js";

/** Cargo's profiles. `small` is opt-level z. */
export type Profile = "release" | "small" | "dev";

/** The value of `BUILD` in crates/conformance for each profile. */
export const COMPILED: Record<Profile, string> = {
  release: "release, opt-level 3",
  small: "release, opt-level z",
  dev: "debug, opt-level 0",
};

const PACKAGE = ["--package", "tickseed-conformance"] as const;
const DRIVER_PACKAGE = ["--package", "tickseed-conformance-driver"] as const;
const WASM_TARGET = "wasm32-unknown-unknown";
/** A Node.js program, started directly because npm's wrapper in `.bin` cannot be started on every system. */
const WASM_OPT = join(HARNESS, "node_modules/binaryen/bin/wasm-opt");
const TARGET_FOLDER = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
/**
 * Programs run from copies in this folder. Cargo gives all drivers of a profile the same name, and a build in this clone
 * during a long run must not change the programs that the run has yet to start.
 */
const COPIES = join(ROOT, "artifacts", "determinism");

/** The npm package's module, and the adapter between it and a driver in engines without JavaScript. */
export const PACKAGE_MODULE = join(ROOT, "crates/engine-wasm/npm/generated/tickseed_bg.wasm");
export const ADAPTER = join(HARNESS, "src/hosts/adapter.wat");

/** Builds the native program for this machine or for another processor, and returns its path. */
export function buildNative(profile: Profile, foreign?: Foreign): string {
  const target = foreign === undefined ? [] : ["--target", foreign.target];
  cargo([...PACKAGE, "--profile", profile, ...target], foreign && cargoSettings(foreign));
  const built = join(TARGET_FOLDER, foreign?.target ?? "", folderOf(profile), programFile("digest"));
  return copied(built, programFile(`digest-${foreign?.target ?? "host"}-${profile}`));
}

/** Builds the program that runs drivers in wasmi, and returns its path. */
export function buildWasmi(): string {
  return buildFeature("wasmi", "digest-in-wasmi");
}

/** Builds the program of the reference implementation, and returns its path. */
export function buildReference(): string {
  return buildFeature("reference", "digest-of-reference");
}

/** Builds a program that needs one feature, without the production engine. */
function buildFeature(feature: string, program: string): string {
  cargo([...PACKAGE, "--no-default-features", "--features", feature, "--release"]);
  return copied(join(TARGET_FOLDER, "release", programFile(program)), programFile(program));
}

/** Builds a driver that imports an engine, or has one linked in, and returns its path. */
export function buildDriver(profile: Profile, linked: boolean): string {
  const features = linked ? ["--features", "linked"] : [];
  cargo([...DRIVER_PACKAGE, "--target", WASM_TARGET, "--profile", profile, ...features]);
  const built = join(TARGET_FOLDER, WASM_TARGET, folderOf(profile), "tickseed_conformance_driver.wasm");
  return copied(built, `${linked ? "linked" : "imported"}-${profile}.wasm`);
}

/** Runs wasm-opt on a driver, and returns the path of the result. */
export function optimized(driver: string, ...options: readonly string[]): string {
  const result = driver.replace(/\.wasm$/, "-optimized.wasm");
  execFileSync(process.execPath, [WASM_OPT, driver, ...options, "-o", result], { stdio: "inherit" });
  return result;
}

/** Copies a file to `COPIES`, and returns the path of the copy. */
function copied(file: string, name: string): string {
  const copy = join(COPIES, name);
  mkdirSync(COPIES, { recursive: true });
  copyFileSync(file, copy);
  return copy;
}

const programFile = (name: string) => (process.platform === "win32" ? `${name}.exe` : name);
const folderOf = (profile: Profile) => (profile === "dev" ? "debug" : profile);

function cargo(args: readonly string[], settings: Record<string, string> = {}): void {
  execFileSync("cargo", ["build", "--quiet", ...args], {
    cwd: ROOT,
    // Cargo variables in the user's environment must not move the output elsewhere.
    env: { ...process.env, CARGO_TARGET_DIR: TARGET_FOLDER, CARGO_BUILD_TARGET: undefined, ...settings },
    stdio: "inherit",
  });
}
