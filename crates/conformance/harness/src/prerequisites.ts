/** The programs that rows need on this machine, and how to install them. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { findProgram, HARNESS, IS_LINUX, isExecutable, outputOf } from "./system.js";

/** Something that a row needs. */
export interface Prerequisite {
  readonly name: string;
  isInstalled(): boolean;
  /** The command or the advice that installs it. */
  readonly install: string;
}

/** A program from a Debian package. */
export function debian(program: string, debianPackage: string): Prerequisite {
  return {
    name: program,
    isInstalled: () => findProgram(program) !== undefined,
    install: IS_LINUX ? `sudo apt-get install -y ${debianPackage}` : `install ${program} by hand`,
  };
}

/** A target of the Rust toolchain. */
export function rustTarget(target: string): Prerequisite {
  return {
    name: `the Rust target ${target}`,
    isInstalled: () => outputOf("rustup", "target", "list", "--installed").split("\n").includes(target),
    install: `rustup target add ${target}`,
  };
}

const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"];
const FIREFOX = ["firefox-esr", "firefox"];

export const chromium = (): string | undefined => process.env.CHROMIUM ?? findProgram(...CHROMIUM);
export const firefox = (): string | undefined => process.env.FIREFOX ?? findProgram(...FIREFOX);

/** A browser. The environment variable `variable` overrides its path. */
export function browser(name: string, path: () => string | undefined, variable: string): Prerequisite {
  return {
    name,
    isInstalled: () => path() !== undefined,
    install: IS_LINUX ? "scripts/install-tools --browser" : `set ${variable} to the path of its program`,
  };
}

/** A Python that has the wasmtime package; scripts/environment.sh sets the path. */
export const WASMTIME_PYTHON = process.env.WASMTIME_PYTHON ?? "";
export const wasmtime: Prerequisite = {
  name: "wasmtime",
  isInstalled: () => isExecutable(WASMTIME_PYTHON),
  install: "scripts/install-tools --targets",
};

/** The file has this name on every system. */
export const BUN = join(HARNESS, "node_modules/bun/bin/bun.exe");
export const bun: Prerequisite = {
  name: "Bun",
  isInstalled: () => existsSync(BUN),
  install: "npm --prefix crates/conformance/harness ci",
};
