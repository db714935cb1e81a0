import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { install, type Project } from "./installed.js";
import { typedEngine, typedSessions, typedTesting } from "./typed.js";

const NODE_TYPES = fileURLToPath(new URL("../../node_modules/@types", import.meta.url));

const FILES = {
  "engine.ts": typedEngine("tickseed/engine"),
  "inline-engine.ts": typedEngine("tickseed/inline"),
  "inline-sessions.ts": typedSessions("tickseed/inline"),
  "root-engine.ts": typedEngine("tickseed"),
  "root-sessions.ts": typedSessions("tickseed"),
  "testing.ts": typedTesting,
};

const STRICT = {
  target: "ES2022",
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  types: [],
};

const REQUIRING = {
  "requiring.cts": `import tickseed = require("tickseed");
const { step }: tickseed.State = tickseed.stateAt({ seed: "a", start_at: 0, tick_ms: 100 }, 5);
export = step satisfies number;
`,
};

const BUNDLED = { module: "ESNext", moduleResolution: "bundler", lib: ["ES2022", "DOM"] };
const NODE_16 = { module: "Node16", lib: ["ES2022"], types: ["node"], typeRoots: [NODE_TYPES] };
const NODE = { module: "NodeNext", lib: ["ES2022"], types: ["node"], typeRoots: [NODE_TYPES] };

let project: Project;

beforeAll(async () => {
  project = await install();
});

afterAll(() => project?.remove());

describe("the types suit strict programs", () => {
  it.each([
    ["for a bundled page", FILES, BUNDLED],
    ["for Node.js, with the rules of Node.js 16", FILES, NODE_16],
    ["for Node.js", { ...FILES, ...REQUIRING }, NODE],
  ])("%s", async (_name, files, options) => {
    for (const [file, text] of Object.entries(files)) {
      project.write(file, text);
    }
    const compilerOptions = { ...STRICT, ...options };
    project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: Object.keys(files) }));
    expect(await project.run("tsc", "-p", "tsconfig.json")).toBe("");
  });
});
