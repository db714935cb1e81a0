/** The package as a stranger gets it: packed, and installed into a project outside this repository. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

export interface Project {
  /** The project's folder. */
  readonly folder: string;
  /** The packed package. */
  readonly tarball: string;
  /** Writes a file of the project. */
  write(file: string, text: string): void;
  /** Reads a file of the project. */
  read(file: string): Buffer;
  /** Runs a program in the project's folder; those of this package's `node_modules` come first. Gives what it printed. */
  run(program: string, ...options: string[]): string;
  /** Removes the folder. */
  remove(): void;
}

/** Packs the package and installs it into a new project, without a network. */
export function install(): Project {
  const folder = mkdtempSync(join(tmpdir(), "tickseed-project-"));
  const run = (program: string, ...options: string[]) => execute(folder, program, options);
  const [packed] = JSON.parse(run("npm", "pack", PACKAGE, "--json", "--ignore-scripts")) as [
    { filename: string },
  ];
  const project = {
    folder,
    tarball: join(folder, packed.filename),
    write: (file: string, text: string) => write(join(folder, file), text),
    read: (file: string) => readFileSync(join(folder, file)),
    run,
    remove: () => rmSync(folder, { recursive: true }),
  };
  project.write("package.json", JSON.stringify({ name: "stranger", private: true, type: "module" }));
  run("npm", "install", "--offline", "--no-audit", "--no-fund", project.tarball);
  return project;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function execute(folder: string, program: string, options: string[]): string {
  const env = { ...process.env, PATH: `${join(PACKAGE, "node_modules/.bin")}:${process.env.PATH}` };
  try {
    return execFileSync(program, options, { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${options.join(" ")} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}
