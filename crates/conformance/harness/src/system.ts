/** This machine, and the programs on it. */
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { cpus } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
/** Where this is built, and what it is built with. */
export const HERE = fileURLToPath(new URL("..", import.meta.url));

export const IS_LINUX = process.platform === "linux";

/** Where a program lies; `undefined` if it is not there. */
export function found(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a program prints. */
export function printed(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** The first number with dots in it that a program tells as its version. */
export function versionOf(program: string): string {
  return /\d+(\.\d+)+/.exec(printed(program, "--version"))?.[0] ?? "of unknown version";
}

/** The processor's name, as the system tells it. */
export function processor(): string {
  const [first] = cpus();
  return `${cpus().length} x ${first?.model.trim() ?? "an unknown processor"}`;
}
