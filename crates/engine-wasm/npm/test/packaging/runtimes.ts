/** Node.js, Deno and Bun. */
import { type Kind, program, SHOW_IN_CONSOLE, type Source } from "./programs.js";
import { SESSION_PATH, serve } from "./served.js";
import { node, tool } from "./tools.js";
import type { Way } from "./ways.js";

/** The source for both kinds of Node.js modules. The package itself is of one kind only. */
const OWN = {
  import: {
    prepare: `import { readFile } from "node:fs/promises";`,
    file: `readFile(new URL(import.meta.resolve("tickseed/tickseed_bg.wasm")))`,
  },
  require: {
    prepare: `const { readFileSync } = require("node:fs");`,
    file: `readFileSync(require.resolve("tickseed/tickseed_bg.wasm"))`,
  },
} satisfies Record<Kind["syntax"], Source>;

export const RUNTIMES: readonly Way[] = [
  runtime("Node.js 20 with import", "import", () => [node(20)]),
  runtime("Node.js 20 with require", "require", () => [node(20)]),
  runtime("Node.js 24 with import", "import", () => [node(24)]),
  runtime("Node.js 24 with require", "require", () => [node(24)]),
  runtime("Deno", "import", () => [tool("deno"), "run", "--allow-read", "--allow-net=127.0.0.1"]),
  runtime("Bun", "import", () => [tool("bun"), "run"]),
];

function runtime(name: string, syntax: Kind["syntax"], command: () => [string, ...string[]]): Way {
  return {
    name,
    own: OWN[syntax],
    findsFile: true,
    async run({ project, folder, entry, source }) {
      const served = await serve(project.folder);
      const address = served.url + SESSION_PATH;
      const file = `${folder}/main.${syntax === "import" ? "mjs" : "cjs"}`;
      const kind: Kind = { syntax, entry, from: entry.name, source, address, show: SHOW_IN_CONSOLE };
      project.write(file, program(kind));
      const [runs, ...options] = command();
      const output = await project.run(runs, ...options, file);
      await served.stop();
      return { output: output.trim() };
    },
  };
}
