/** Bundlers, for pages and for Node.js, and pages without one. */
import { page, printed, shown } from "./answer.js";
import { type App, type Command, FAST_TOOLS } from "./app.js";

const COMMON_JS = '{ "name": "app", "private": true, "dependencies": { "tickseed": "*" } }';

/** A page whose script the bundler finds in the page. */
const PAGE = { "index.html": page("./main.js"), "main.js": shown() };

/** A page to which the bundler adds nothing but a script. */
const DIST_PAGE = (script: string) => ({ "main.js": shown(), "dist/index.html": page(script) });

const PROGRAM = { "main.js": printed() };

export const BUNDLERS: readonly App[] = [
  ...[5, 6, 7, 8].flatMap(vite),
  built("webpack 5, page", FAST_TOOLS, ["webpack", "./main.js", "--mode=production"], DIST_PAGE("main.js")),
  bundled("webpack 5, Node.js", FAST_TOOLS, ["webpack", "./main.js", "--mode=production", "--target=node"], {
    ...PROGRAM,
    "package.json": COMMON_JS,
  }),
  built(
    "Rspack, page",
    "long/bundlers",
    ["rspack", "build", "--mode=production"],
    {
      "src/index.js": shown(),
      "dist/index.html": page("main.js"),
    },
    22,
  ),
  bundled(
    "Rspack, Node.js",
    "long/bundlers",
    ["rspack", "build", "--mode=production"],
    {
      "rspack.config.mjs": 'export default { target: "node" };',
      "src/index.js": printed(),
      "package.json": COMMON_JS,
    },
    "dist/main.js",
    22,
  ),
  built("Parcel 2, page", "long/parcel", ["parcel", "build", "index.html"], PAGE),
  {
    name: "Parcel 2, development server",
    tools: "long/parcel",
    files: PAGE,
    show: { by: "server", command: ["parcel", "serve", "index.html", "--port", "PORT"], parts: 1 },
  },
  built("esbuild, page", FAST_TOOLS, esbuild("esm", "dist/main.js"), DIST_PAGE("main.js")),
  bundled(
    "esbuild, ES module for Node.js",
    FAST_TOOLS,
    esbuild("esm", "dist/main.js", "--platform=node"),
    PROGRAM,
  ),
  bundled(
    "esbuild, CommonJS for Node.js",
    FAST_TOOLS,
    esbuild("cjs", "dist/main.cjs", "--platform=node"),
    PROGRAM,
    "dist/main.cjs",
  ),
  built("Rollup, page", "long/bundlers", ROLLUP(), DIST_PAGE("main.js")),
  bundled("Rollup, Node.js", "long/bundlers", ROLLUP(), PROGRAM),
  bundled("ncc, ES module", "long/bundlers", ["ncc", "build", "main.js"], PROGRAM, "dist"),
  bundled(
    "ncc, CommonJS",
    "long/bundlers",
    ["ncc", "build", "main.js"],
    { "main.js": printed({ syntax: "require" }), "package.json": COMMON_JS },
    "dist",
  ),
];

function ROLLUP(): Command {
  return ["rollup", "main.js", "--plugin", "node-resolve", "--format", "es", "--dir", "dist"];
}

function esbuild(format: string, output: string, ...options: string[]): Command {
  return ["esbuild", "main.js", "--bundle", `--format=${format}`, `--outfile=${output}`, ...options];
}

function vite(major: number): App[] {
  const tools = `long/vite-${major}`;
  const command: Command = ["vite", "--host", "127.0.0.1", "--port", "PORT", "--strictPort"];
  return [
    built(`Vite ${major}, page`, tools, ["vite", "build"], PAGE, 22),
    {
      name: `Vite ${major}, development server`,
      tools,
      node: 22,
      files: PAGE,
      show: { by: "server", command, parts: 1 },
    },
  ];
}

/** A page in `dist`. */
function built(
  name: string,
  tools: string,
  command: Command,
  files: App["files"],
  node: App["node"] = 20,
): App {
  return { name, tools, node, files, build: [command], show: { by: "folder", folder: "dist" } };
}

/** A program in `dist`. */
function bundled(
  name: string,
  tools: string,
  command: Command,
  files: App["files"],
  output = "dist/main.js",
  node: App["node"] = 20,
): App {
  return { name, tools, node, files, build: [command], show: { by: "program", command: ["node", output] } };
}

/** The classic script of the package. */
const CLASSIC = `<!doctype html>
<html>
  <head><meta charset="utf-8" /><script src="./node_modules/tickseed/dist/cdn.js"></script></head>
  <body><script src="main.js"></script></body>
</html>
`;

/** The same code runs in a page of a server and in a page from disk, as in Electron. */
export const PAGES: readonly App[] = [
  {
    name: "a classic script, dist/cdn.js",
    tools: FAST_TOOLS,
    files: { "index.html": CLASSIC, "main.js": shown({ syntax: "global" }) },
    show: { by: "folder", folder: "." },
  },
  {
    name: "a classic script from file://, dist/cdn.js",
    tools: FAST_TOOLS,
    files: { "index.html": CLASSIC, "main.js": shown({ syntax: "global" }) },
    show: { by: "file", file: "index.html" },
  },
  {
    name: "a page of Vite 8 from file://, as in Electron",
    tools: "long/vite-8",
    node: 22,
    files: PAGE,
    build: [["vite", "build", "--base", "./"]],
    show: { by: "file", file: "dist/index.html" },
  },
  {
    name: "a page of esbuild from file://, tickseed/inline",
    tools: FAST_TOOLS,
    files: { "main.js": shown({ entry: "tickseed/inline" }), "dist/index.html": page("main.js") },
    build: [esbuild("esm", "dist/main.js")],
    show: { by: "file", file: "dist/index.html" },
  },
  {
    name: "a page without WebAssembly, tickseed/js",
    tools: FAST_TOOLS,
    files: {
      "without.js": "delete globalThis.WebAssembly;",
      "main.js": shown({ entry: "tickseed/js", before: 'import "./without.js";' }),
      "dist/index.html": page("main.js"),
    },
    build: [esbuild("esm", "dist/main.js")],
    show: { by: "folder", folder: "dist" },
  },
];
