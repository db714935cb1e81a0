/** Turns a program in a text into a module that runs it. */
import * as published from "../../src/index.js";
import type { Snippet } from "./extract.js";
import { NAMES } from "./names.js";

/** Where the package's entries are, from the folder of the modules. */
const ENTRIES: Readonly<Record<string, string>> = {
  tickseed: "../src/index.js",
  "tickseed/engine": "../src/engine.js",
  "tickseed/react": "../src/react.js",
  "tickseed/solid": "../src/solid.js",
  "tickseed/svelte": "../src/svelte.js",
  "tickseed/vue": "../src/vue.js",
};

/** The functions and classes that a doc comment may use without importing them, by entry. */
const PUBLISHED = {
  "../src/index.js": Object.keys(published),
  "../src/react.js": ["SessionProvider", "useSession"],
  "../src/svelte.js": ["readableSession"],
};

/**
 * Returns the text of the module. The names that the program uses without declaring them come from the stage, as parameters around
 * it, so that a program may also declare one of them itself.
 */
export function moduleOf({ title, language, code }: Snippet): string {
  const { imports, body } = split(code);
  const isUsed = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(body);
  const isMissing = (name: string): boolean => isUsed(name) && !new RegExp(`\\b${name}\\b`).test(imports);
  const free = NAMES.filter(isUsed);
  const missing = Object.entries(PUBLISHED).map(
    ([entry, names]) => `import { ${names.filter(isMissing).join(", ")} } from "${entry}";`,
  );
  const component = language === "tsx" ? /^function ([A-Z]\w*)/m.exec(body)?.[1] : undefined;
  return [
    `// ${title}`,
    imports,
    ...missing,
    `import { perform, render } from "../test/snippets/stage.js";`,
    "export const run = () =>",
    `  perform([${free.map((name) => `"${name}"`).join(", ")}], async ({ ${free.join(", ")} }) => {`,
    "  {",
    body,
    component === undefined ? "void render;" : `await render(${component});`,
    "  }",
    "  });",
    "",
  ].join("\n");
}

/** Moves the imports, which must stand at the top, out of the program, and makes them import the sources. */
function split(code: string): { imports: string; body: string } {
  const imports: string[] = [];
  const body = code.replace(/^import [\s\S]*?from "([^"]+)";$/gm, (text, entry: string) => {
    imports.push(text.replace(`"${entry}"`, `"${ENTRIES[entry] ?? entry}"`));
    return "";
  });
  return { imports: imports.join("\n"), body };
}
