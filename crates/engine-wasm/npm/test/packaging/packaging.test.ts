import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { install, type Project } from "./installed.js";
import { ANSWER, PAGE, PROGRAM, SHOW, TYPED_PROGRAM } from "./programs.js";

const WASM = "generated/tickseed_bg.wasm";
const NODE_TYPES = fileURLToPath(new URL("../../node_modules/@types", import.meta.url));
const built = readFileSync(new URL(`../../${WASM}`, import.meta.url));

let project: Project;

beforeAll(() => {
  project = install();
});

afterAll(() => project.remove());

describe("the packed package", () => {
  it("holds what it needs and nothing else", () => {
    const files = project.run("tar", "--list", "--file", project.tarball).trim().split("\n");
    const others = files.filter((file) => !/^package\/dist\/[a-z/-]+\.(js|d\.ts)$/.test(file));
    expect(others.sort()).toEqual([
      "package/LICENSE",
      "package/README.md",
      "package/generated/api.d.ts",
      "package/generated/inline.d.ts",
      "package/generated/inline.js",
      "package/generated/tickseed.d.ts",
      "package/generated/tickseed.js",
      "package/generated/tickseed_bg.wasm",
      "package/generated/tickseed_bg.wasm.d.ts",
      "package/package.json",
    ]);
    expect(files).toContain("package/dist/index.js");
    expect(files).toContain("package/dist/node.js");
  });

  it("depends on nothing", () => {
    const manifest = JSON.parse(project.read("node_modules/tickseed/package.json").toString()) as object;
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).not.toHaveProperty("peerDependencies");
  });

  it("names no folder of the machine that built it", () => {
    const text = project.read(`node_modules/tickseed/${WASM}`).toString("latin1");
    expect(text).not.toMatch(/\/(home|root|work|Users)\//);
  });

  it("pleases publint", () => {
    expect(project.run("publint", "run", project.tarball, "--strict")).toContain("All good!");
  });

  it("pleases arethetypeswrong", () => {
    const options = ["--profile", "esm-only", "--exclude-entrypoints", "tickseed_bg.wasm"];
    expect(() => project.run("attw", project.tarball, ...options)).not.toThrow();
  });
});

it("runs in Node.js", () => {
  project.write("node.js", `${PROGRAM}console.log(answer);\n`);
  expect(project.run("node", "node.js").trim()).toBe(ANSWER);
});

describe("its types", () => {
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: [],
  };

  it.each([
    ["of a bundled page", { module: "ESNext", moduleResolution: "bundler", lib: ["ES2022", "DOM"] }],
    ["of Node.js modules", { module: "NodeNext", lib: ["ES2022"], types: ["node"], typeRoots: [NODE_TYPES] }],
  ])("suit a strict program %s", (_name, options) => {
    project.write("typed.ts", TYPED_PROGRAM);
    const compilerOptions = { ...strict, target: "ES2022", ...options };
    project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["typed.ts"] }));
    expect(project.run("tsc", "-p", "tsconfig.json")).toBe("");
  });
});

describe("a page built with Vite", () => {
  it("brings the WebAssembly file along", () => {
    project.write("page/index.html", PAGE(""));
    project.write("page/main.js", PROGRAM + SHOW);
    project.run("vite", "build", "page", "--logLevel", "warn");
    const assets = readdirSync(`${project.folder}/page/dist/assets`);
    const [wasm, ...others] = assets.filter((file) => file.endsWith(".wasm"));
    expect(others).toEqual([]);
    expect(project.read(`page/dist/assets/${wasm}`).equals(built)).toBe(true);
    const [script] = assets.filter((file) => file.endsWith(".js"));
    expect(project.read(`page/dist/assets/${script}`).toString()).toContain(wasm);
  });
});
