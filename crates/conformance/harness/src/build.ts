/** Builds of the digest: as native programs, and as WebAssembly drivers. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { cargoSettings, type Foreign } from "./foreign.js";
import { HERE, ROOT } from "./system.js";

/** Cargo's profiles: `small` is opt-level z. */
export type Profile = "release" | "small" | "dev";

/** What programs of a profile say of how they were built: `BUILD` in crates/conformance. */
export const COMPILED: Record<Profile, string> = {
  release: "release, opt-level 3",
  small: "release, opt-level z",
  dev: "debug, opt-level 0",
};

const WASM_TARGET = "wasm32-unknown-unknown";
/** A program of Node.js; what npm makes of it in `.bin` cannot be started everywhere. */
const WASM_OPT = join(HERE, "node_modules/binaryen/bin/wasm-opt");
const TARGET_FOLDER = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
/**
 * What a run starts lies here: Cargo gives all drivers of a profile the same name, and whoever builds something in this
 * clone meanwhile must not change what a long run has still to start.
 */
const KEPT = join(ROOT, "artifacts", "determinism");

/** The file of the npm package, and what stands between it and a driver where there is no JavaScript. */
export const PACKAGE_MODULE = join(ROOT, "crates/engine-wasm/npm/generated/tickseed_bg.wasm");
export const ADAPTER = join(HERE, "src/hosts/adapter.wat");

/** The native program for this machine, or for another processor. Gives its path. */
export function buildNative(profile: Profile, foreign?: Foreign): string {
  const target = foreign === undefined ? [] : ["--target", foreign.target];
  cargo([...PACKAGE, "--profile", profile, ...target], foreign && cargoSettings(foreign));
  const made = join(TARGET_FOLDER, foreign?.target ?? "", folderOf(profile), programFile("digest"));
  return kept(made, programFile(`digest-${foreign?.target ?? "host"}-${profile}`));
}

/** The interpreter's program. Gives its path. */
export function buildWasmi(): string {
  cargo([...PACKAGE, ...only("wasmi"), "--release"]);
  return keptRelease("digest-in-wasmi");
}

/** The program of the reference implementation. Gives its path. */
export function buildReference(): string {
  cargo([...PACKAGE, ...only("reference"), "--release"]);
  return keptRelease("digest-of-reference");
}

/** A driver: over an imported engine, or with the engine linked in. Gives its path. */
export function buildDriver(profile: Profile, linked: boolean): string {
  const features = linked ? ["--features", "linked"] : [];
  cargo(["--package", "tickseed-conformance-driver", "--target", WASM_TARGET, "--profile", profile, ...features]);
  const made = join(TARGET_FOLDER, WASM_TARGET, folderOf(profile), "tickseed_conformance_driver.wasm");
  return kept(made, `${linked ? "linked" : "imported"}-${profile}.wasm`);
}

/** The same driver after wasm-opt. Gives its path. */
export function optimized(driver: string, ...options: readonly string[]): string {
  const optimized = driver.replace(/\.wasm$/, "-optimized.wasm");
  execFileSync(process.execPath, [WASM_OPT, driver, ...options, "-o", optimized], { stdio: "inherit" });
  return optimized;
}

/** Copies what was built, and gives the copy's path. */
function kept(made: string, name: string): string {
  const copy = join(KEPT, name);
  mkdirSync(KEPT, { recursive: true });
  copyFileSync(made, copy);
  return copy;
}

const keptRelease = (program: string) =>
  kept(join(TARGET_FOLDER, "release", programFile(program)), programFile(program));

const PACKAGE = ["--package", "tickseed-conformance"] as const;
/** Only the program with this feature, without the production engine. */
const only = (feature: "reference" | "wasmi") => ["--no-default-features", "--features", feature];

const programFile = (name: string) => (process.platform === "win32" ? `${name}.exe` : name);
const folderOf = (profile: Profile) => (profile === "dev" ? "debug" : profile);

function cargo(args: readonly string[], settings: Record<string, string> = {}): void {
  execFileSync("cargo", ["build", "--quiet", ...args], {
    cwd: ROOT,
    // What is built has to lie where it is looked for, whatever variables somebody has set for Cargo.
    env: { ...process.env, CARGO_TARGET_DIR: TARGET_FOLDER, CARGO_BUILD_TARGET: undefined, ...settings },
    stdio: "inherit",
  });
}
