/** What rows need of the machine, and how it is installed. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { found, HERE, IS_LINUX, isProgram, printed } from "./system.js";

/** Something that has to be there. */
export interface Part {
  readonly name: string;
  isThere(): boolean;
  /** What to type if it is not there. */
  readonly install: string;
}

/** A program of a Debian package. */
export function debian(program: string, debianPackage: string): Part {
  return {
    name: program,
    isThere: () => found(program) !== undefined,
    install: IS_LINUX ? `sudo apt-get install -y ${debianPackage}` : `install ${program} by hand`,
  };
}

/** A target of the Rust toolchain. */
export function rustTarget(target: string): Part {
  return {
    name: `the Rust target ${target}`,
    isThere: () => printed("rustup", "target", "list", "--installed").split("\n").includes(target),
    install: `rustup target add ${target}`,
  };
}

const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"];
const FIREFOX = ["firefox-esr", "firefox"];

export const chromium = (): string | undefined => process.env.CHROMIUM ?? found(...CHROMIUM);
export const firefox = (): string | undefined => process.env.FIREFOX ?? found(...FIREFOX);

/** A browser: where it lies can be told by an environment variable, too. */
export function browser(name: string, where: () => string | undefined, variable: string): Part {
  return {
    name,
    isThere: () => where() !== undefined,
    install: IS_LINUX ? "scripts/install-tools --browser" : `set ${variable} to the path of its program`,
  };
}

/** Python with wasmtime in it; scripts/environment.sh says where. */
export const WASMTIME_PYTHON = process.env.WASMTIME_PYTHON ?? "";
export const wasmtime: Part = {
  name: "wasmtime",
  isThere: () => isProgram(WASMTIME_PYTHON),
  install: "scripts/install-tools --targets",
};

/** Called so on every system. */
export const BUN = join(HERE, "node_modules/bun/bin/bun.exe");
export const bun: Part = {
  name: "Bun",
  isThere: () => existsSync(BUN),
  install: "npm --prefix crates/conformance/harness ci",
};
