/** Builds of the digest: as native programs, and as WebAssembly drivers. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { HERE, ROOT } from "./system.js";

/** Cargo's profiles: `small` is opt-level z. */
export type Profile = "release" | "small" | "dev";

const WASM_TARGET = "wasm32-unknown-unknown";
const TARGET_FOLDER = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
/** What was built for WebAssembly lies here: Cargo gives all drivers of a profile the same name. */
const DRIVERS = join(ROOT, "artifacts", "determinism");

/** The file of the npm package, and what stands between it and a driver where there is no JavaScript. */
export const PACKAGE_MODULE = join(ROOT, "crates/engine-wasm/npm/generated/tickseed_bg.wasm");
export const ADAPTER = join(HERE, "src/hosts/adapter.wat");

/** The native program for this machine, or for another with a linker of its own. Gives its path. */
export function buildNative(profile: Profile, cross?: { target: string; linker: string }): string {
  const target = cross === undefined ? [] : ["--target", cross.target];
  cargo(["--package", "tickseed-digest", "--profile", profile, ...target], cross && crossSettings(cross));
  return join(TARGET_FOLDER, cross?.target ?? "", folderOf(profile), programFile("digest"));
}

/** Linked statically: an emulator needs nothing of the other system then. */
function crossSettings({ target, linker }: { target: string; linker: string }): Record<string, string> {
  const variable = `CARGO_TARGET_${target.toUpperCase().replaceAll("-", "_")}`;
  return { [`${variable}_LINKER`]: linker, [`${variable}_RUSTFLAGS`]: "-C target-feature=+crt-static" };
}

/** The interpreter's program. Gives its path. */
export function buildWasmi(): string {
  cargo(["--package", "tickseed-digest-wasmi", "--release"]);
  return join(TARGET_FOLDER, "release", programFile("digest-in-wasmi"));
}

/** A driver: over an imported engine, or with the engine linked in. Gives its path. */
export function buildDriver(profile: Profile, linked: boolean): string {
  const features = linked ? ["--features", "linked"] : [];
  cargo(["--package", "tickseed-digest-driver", "--target", WASM_TARGET, "--profile", profile, ...features]);
  const made = join(TARGET_FOLDER, WASM_TARGET, folderOf(profile), "tickseed_digest_driver.wasm");
  const kept = join(DRIVERS, `${linked ? "linked" : "imported"}-${profile}.wasm`);
  mkdirSync(DRIVERS, { recursive: true });
  copyFileSync(made, kept);
  return kept;
}

/** The same driver after wasm-opt. Gives its path. */
export function optimized(driver: string, ...options: readonly string[]): string {
  const kept = driver.replace(/\.wasm$/, "-optimized.wasm");
  execFileSync(join(HERE, "node_modules/.bin/wasm-opt"), [driver, ...options, "-o", kept], {
    stdio: "inherit",
  });
  return kept;
}

const programFile = (name: string) => (process.platform === "win32" ? `${name}.exe` : name);
const folderOf = (profile: Profile) => (profile === "dev" ? "debug" : profile);

function cargo(args: readonly string[], settings: Record<string, string> = {}): void {
  execFileSync("cargo", ["build", "--quiet", ...args], {
    cwd: ROOT,
    env: { ...process.env, ...settings },
    stdio: "inherit",
  });
}
