// check-npm-licences FOLDER...: checks the licences of the packages that each npm package needs when it runs, and that all of them come
// from npm's registry. The list of licences is that of deny.toml.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const REGISTRY = "https://registry.npmjs.org/";

const [, list] = readFileSync("deny.toml", "utf8").match(/^allow = \[([^\]]*)\]/m);
const allowed = new Set([...list.matchAll(/"([^"]+)"/g)].map(([, licence]) => licence));

/** Whether one of the licences to choose from is allowed. */
const isAllowed = (expression = "") =>
  expression
    .replace(/[()]/g, "")
    .split(" OR ")
    .some((licence) => allowed.has(licence));

/** The packages of a lock file that are needed when the package runs: no tools, and no links to folders of this repository. */
const shipped = (folder) => {
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const entries = Object.entries(packages).filter(([path]) => path.includes("node_modules/"));
  return entries.filter(([, { dev, link, devOptional }]) => !dev && !link && !devOptional);
};

const problems = process.argv.slice(2).flatMap((folder) =>
  shipped(folder).flatMap(([path, { license, resolved = "" }]) => [
    ...(isAllowed(license) ? [] : [`${folder}: ${path} has the licence ${license}`]),
    ...(resolved.startsWith(REGISTRY) ? [] : [`${folder}: ${path} comes from ${resolved || "nowhere"}`]),
  ]),
);
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
