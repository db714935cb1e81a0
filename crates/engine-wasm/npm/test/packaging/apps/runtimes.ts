/** Programs that run without a bundler: in Node.js, Deno and Bun, with TypeScript, and in test runners. */
import { answer, printed } from "./answer.js";
import { type App, type Command, FAST_TOOLS } from "./app.js";

/** For files that use `require`. */
const COMMON_JS = '{ "name": "app", "private": true }';

export const RUNTIMES: readonly App[] = [
  ...([20, 22, 24] as const).flatMap((node) => [
    program(`Node.js ${node}, import`, ["node", "main.mjs"], { "main.mjs": printed() }, node),
    program(
      `Node.js ${node}, require`,
      ["node", "main.cjs"],
      { "main.cjs": printed({ syntax: "require" }) },
      node,
    ),
  ]),
  program("Deno", ["deno", "run", "--allow-read", "--allow-net=127.0.0.1", "main.mjs"], {
    "main.mjs": printed(),
  }),
  program("Bun", ["bun", "run", "main.mjs"], { "main.mjs": printed() }),
  program("tsx, ES modules", ["tsx", "main.ts"], { "main.ts": asTypeScript(printed()) }),
  program("tsx, CommonJS", ["tsx", "main.ts"], {
    "main.ts": asTypeScript(printed()),
    "package.json": COMMON_JS,
  }),
  // Its `fetch` is made with WebAssembly.
  withoutWebAssembly("Node.js 20", ["node", "main.mjs"], false),
  withoutWebAssembly("Deno", ["deno", "run", "--allow-read", "--allow-net=127.0.0.1", "main.mjs"]),
  withoutWebAssembly("Bun", ["bun", "run", "main.mjs"]),
];

function program(name: string, command: Command, files: App["files"], node: App["node"] = 20): App {
  return { name, tools: FAST_TOOLS, node, files, show: { by: "program", command } };
}

/** The engine in JavaScript. Imports run before all other code, so WebAssembly goes in a module that is imported first. */
function withoutWebAssembly(name: string, command: Command, isLive = true): App {
  const files = {
    "without.mjs": "delete globalThis.WebAssembly;",
    "main.mjs": printed({ entry: "tickseed/js", before: 'import "./without.mjs";', isLive }),
  };
  return program(`${name} without WebAssembly, tickseed/js`, command, files);
}

function asTypeScript(code: string): string {
  return `// @ts-nocheck\n${code}`;
}

function vitest(name: string, tools: string, environment: string): App {
  const files = { "answer.test.js": `import { test } from "vitest";\n${tested()}` };
  // Vitest 4 needs a newer Node.js than the package.
  const command: Command = ["vitest", "run", "--environment", environment];
  return { name, tools, node: 22, files, show: { by: "program", command } };
}

function jest(name: string, command: Command, files: App["files"], node: 20 | 24): App {
  return { name, tools: "long/jest", node, files, show: { by: "program", command } };
}

function tested(options: Parameters<typeof answer>[0] = {}): string {
  return `${answer(options)}\ntest("shows the state", async () => console.log(await answer()));\n`;
}

/** Jest as its documentation says for ES modules. */
const JEST: Command = ["node", "--experimental-vm-modules", "node_modules/.bin/jest"];

const REQUIRING = { "answer.test.js": tested({ syntax: "require" }), "package.json": COMMON_JS };

const REQUIRING_ENGINE = {
  ...REQUIRING,
  "answer.test.js": tested({ syntax: "require", isLive: false }),
};

/** Test runners, with the environments that imitate browsers. */
export const TEST_RUNNERS: readonly App[] = [
  ...["node", "jsdom", "happy-dom"].flatMap((environment) => [
    vitest(`Vitest 3, ${environment}`, "long/vite-7", environment),
    vitest(`Vitest 4, ${environment}`, "long/vite-8", environment),
  ]),
  jest("Jest, import", JEST, { "answer.test.js": tested() }, 20),
  // In older versions of Node.js, Jest requires no ES modules.
  jest("Jest, require", JEST, REQUIRING, 24),
  // This environment has no `fetch`.
  jest("Jest, jsdom, the engine alone", [...JEST, "--env=jsdom"], REQUIRING_ENGINE, 24),
];

/** Uses a type of each entry, in addition to the program. */
const TYPED = `
import type { Timeline } from "tickseed/engine";
import type { LiveSession } from "tickseed/inline";
import type { Draw } from "tickseed/js";
${printed()
  .replace("({ step, value, round, broken }) =>", "({ step, value, round, broken }: State): string =>")
  .replace('} from "tickseed"', ', type State } from "tickseed"')
  .replace("async function answer()", "async function answer(): Promise<string>")
  .replace("console.log", "(text) => globalThis.console.log(text)")}
export type Used = [Timeline, LiveSession, Draw];
`;

/** What programs in TypeScript can say about how names of modules are found. */
export const TYPESCRIPT: readonly App[] = [
  compiled("node16", { module: "node16", moduleResolution: "node16" }),
  compiled("bundler", { module: "esnext", moduleResolution: "bundler" }),
  compiled("node", { module: "commonjs", moduleResolution: "node10", ignoreDeprecations: "5.0" }),
];

function compiled(resolution: string, options: object): App {
  const strict = { target: "es2022", lib: ["es2022", "dom"], strict: true, skipLibCheck: false, types: [] };
  const files = {
    "tsconfig.json": JSON.stringify({ compilerOptions: { ...strict, ...options }, files: ["main.ts"] }),
    "main.ts": TYPED,
    ...(resolution === "node" ? { "package.json": COMMON_JS } : {}),
  };
  return {
    name: `TypeScript 5, moduleResolution ${resolution}`,
    tools: "long/typescript-5",
    files,
    build: [["tsc", "-p", "."]],
    show: { by: "program", command: ["node", "main.js"] },
  };
}
