/** This machine and its programs. */
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { cpus } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
/** The folder of this npm package. */
export const HARNESS = fileURLToPath(new URL("..", import.meta.url));

export const IS_LINUX = process.platform === "linux";

/** Returns the path of the first of these programs that is installed. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program and returns its standard output. */
export function outputOf(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** Returns the first dotted number in the output of `--version`. */
export function versionOf(program: string): string {
  return /\d+(\.\d+)+/.exec(outputOf(program, "--version"))?.[0] ?? "of unknown version";
}

/** Returns the number and the name of the processors. */
export function processorName(): string {
  const [first] = cpus();
  return `${cpus().length} x ${first?.model.trim() ?? "an unknown processor"}`;
}
