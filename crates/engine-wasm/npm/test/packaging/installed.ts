/** The package as its users get it: packed, and installed into a project outside this repository. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** The timeout of a program. */
const PATIENCE_MS = 60_000;

export interface Project {
  /** The project's folder. */
  readonly folder: string;
  /** The packed package. */
  readonly tarball: string;
  /** Writes a file of the project. */
  write(file: string, text: string): void;
  /** Reads a file of the project. */
  read(file: string): Buffer;
  /** Links a package from elsewhere into the project. */
  link(name: string, folder: string): void;
  /** Runs a program in the project's folder, with this package's `node_modules` first in the path. Returns its output. */
  run(program: string, ...options: string[]): Promise<string>;
  /** Runs a program in a folder of the project. */
  runIn(folder: string, program: string, ...options: string[]): Promise<string>;
  /** Removes the folder. */
  remove(): void;
}

/** Packs the package and installs it into a new project, offline. */
export async function install(): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "tickseed-project-"));
  const project = open(folder, await pack(folder));
  project.write("package.json", JSON.stringify({ name: "user-project", private: true, type: "module" }));
  await project.run("npm", "install", "--offline", "--no-audit", "--no-fund", project.tarball);
  return project;
}

/** Packs the package into a folder. Returns the resulting file. */
export async function pack(folder: string): Promise<string> {
  const packed = await execute(folder, "npm", ["pack", PACKAGE, "--json", "--ignore-scripts"]);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return join(folder, filename);
}

function open(folder: string, tarball: string): Project {
  return {
    folder,
    tarball,
    write: (file, text) => write(join(folder, file), text),
    read: (file) => readFileSync(join(folder, file)),
    link: (name, target) => link(join(folder, "node_modules", name), target),
    run: (program, ...options) => execute(folder, program, options),
    runIn: (within, program, ...options) => execute(join(folder, within), program, options),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

async function execute(cwd: string, program: string, options: string[]): Promise<string> {
  // Vitest sets NODE_ENV, which affects bundlers.
  const { NODE_ENV, PATH, ...others } = process.env;
  const env = { ...others, PATH: `${join(PACKAGE, "node_modules/.bin")}:${PATH}` };
  try {
    return (await promisify(execFile)(program, options, { cwd, env, timeout: PATIENCE_MS })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${options.join(" ")} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}
