/** The bundlers and runtimes for the tests, from `tools/`, and the two versions of React. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const TOOLS = "test/packaging/tools/node_modules";

/** Returns the program of a bundler or runtime. */
export function tool(name: "bun" | "deno" | "esbuild" | "webpack"): string {
  return installed(`${TOOLS}/.bin/${name}`);
}

/** Returns a separate Node.js of a given version. */
export function node(major: 20 | 22 | 24): string {
  return installed(`${TOOLS}/node-${major}-${process.platform}-${process.arch}/bin/node`);
}

/** Returns the folder of `test/packaging` whose `node_modules` has the tools. */
export function toolsFolder(name: string): string {
  const folder = `test/packaging/${name}`;
  const script = name === "tools" ? "scripts/install-tools --tests" : "scripts/test-packaging";
  if (!existsSync(`${PACKAGE}${folder}/node_modules`)) {
    throw new Error(`${folder}/node_modules is missing; ${script} in the repository's root installs it`);
  }
  return PACKAGE + folder;
}

/** Returns the folders of the packages that a program with React needs. */
export function reactPackages(major: 18 | 19): Record<string, string> {
  const programs = major === 18 ? "test/react/react-18/node_modules" : "node_modules";
  const types = major === 18 ? TOOLS : "node_modules";
  const names = [`${programs}/react`, `${programs}/react-dom`];
  names.push(`${types}/@types/react`, `${types}/@types/react-dom`);
  return Object.fromEntries(names.map((path) => [path.split("node_modules/")[1], installed(path)]));
}

function installed(path: string): string {
  if (!existsSync(PACKAGE + path)) {
    throw new Error(
      `${path} is missing; run scripts/install-tools --tests in the repository's root, on Linux, then test again`,
    );
  }
  return PACKAGE + path;
}
