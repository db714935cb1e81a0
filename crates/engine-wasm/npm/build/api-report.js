/**
 * The report of the public API, `api/tickseed.d.ts.txt`: the names that each entry exports, and all declarations behind them, without
 * comments. It is checked in, so that a change of the API shows in review.
 *
 *     npm run api                writes it
 *     npm run api -- --check     fails if it differs from the built package; scripts/check-npm-package runs it
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const report = new URL("api/tickseed.d.ts.txt", root);
const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

const HEADER = `The public API of the npm package. \`npm run api\` in crates/engine-wasm/npm writes this file from the built package;
docs/openapi.json has the declarations of \`generated/api.d.ts\`.
`;

/** Returns the declarations in a file, without comments. */
function declarations(file) {
  const text = readFileSync(new URL(file, root), "utf8");
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/^\s*\n/gm, "");
}

/** Returns the files that a file imports or exports from. Those made from docs/openapi.json are in no report. */
function neighbours(file) {
  const specifiers = Array.from(
    declarations(file).matchAll(/(?:from|import) "(\.[^"]+)\.js"/g),
    ([, path]) => path,
  );
  const urls = specifiers.map((path) => new URL(`${path}.d.ts`, new URL(file, root)).href);
  return urls.map((url) => url.slice(root.href.length)).filter((path) => path.startsWith("dist/"));
}

function reachable(file, found = new Set()) {
  if (!found.has(file)) {
    found.add(file);
    neighbours(file).forEach((next) => {
      reachable(next, found);
    });
  }
  return found;
}

/** Returns the names that a file exports, in order. */
function names(file) {
  const text = declarations(file);
  const listed = Array.from(text.matchAll(/^export (?:type )?\{([^}]*)\}/gm), ([, list]) =>
    list.split(","),
  ).flat();
  const declared = Array.from(
    text.matchAll(/^export (?:declare )?(?:const|class|function|interface|type) (\w+)/gm),
    ([, name]) => name,
  );
  const stars = Array.from(text.matchAll(/^export \* from "(.+)\.js"/gm), ([, path]) =>
    names(new URL(`${path}.d.ts`, new URL(file, root)).href.slice(root.href.length)),
  );
  const own = listed.map((name) => name.trim().replace(/^type /, "")).filter((name) => name !== "");
  return [...new Set([...own, ...declared, ...stars.flat()])].sort();
}

function text() {
  const entries = Object.entries(exports).filter(([, { types = "" }]) => types.startsWith("./dist/"));
  const files = new Set(entries.flatMap(([, { types }]) => [...reachable(types.replace("./", ""))]));
  const lists = entries.map(([name, { types }]) => {
    const entry = name.replace(".", "tickseed");
    return `## ${entry}\n\n${names(types.replace("./", "")).join("\n")}\n`;
  });
  const parts = [...files].sort().map((file) => `## ${file}\n\n${declarations(file)}`);
  return [HEADER, ...lists, ...parts].join("\n");
}

const current = text();
if (process.argv[2] !== "--check") {
  mkdirSync(new URL("./", report), { recursive: true });
  writeFileSync(report, current);
} else if (readFileSync(report, "utf8") !== current) {
  writeFileSync(new URL("api.partial", root), current);
  process.stderr.write(
    "The API differs from api/tickseed.d.ts.txt. If that is meant, type: npm --prefix crates/engine-wasm/npm run api\n" +
      "The difference is that of api/tickseed.d.ts.txt and api.partial in crates/engine-wasm/npm.\n",
  );
  process.exitCode = 1;
}
