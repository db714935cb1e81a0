import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { install, type Project } from "./installed.js";

let project: Project;

beforeAll(async () => {
  project = await install();
});

afterAll(() => project?.remove());

describe("the packed package", () => {
  it("contains what it needs and nothing else", async () => {
    const list = await project.run("tar", "--list", "--file", project.tarball);
    const files = list.trim().split("\n");
    const others = files.filter((file) => !/^package\/dist\/[a-z/-]+\.(js|js\.map|d\.ts)$/.test(file));
    expect(others.sort()).toEqual([
      "package/LICENSE",
      "package/README.md",
      "package/cdn/package.json",
      "package/engine/package.json",
      "package/generated/api.d.ts",
      "package/generated/inline.d.ts",
      "package/generated/inline.js",
      "package/generated/javascript.d.ts",
      "package/generated/javascript.js",
      "package/generated/tickseed.d.ts",
      "package/generated/tickseed_bg.wasm",
      "package/generated/tickseed_bg.wasm.d.ts",
      "package/inline/package.json",
      "package/js/package.json",
      "package/package.json",
      "package/react/package.json",
      "package/solid/package.json",
      "package/svelte/package.json",
      "package/testing/package.json",
      "package/vue/package.json",
    ]);
    const entries = ["cdn", "engine", "index", "inline", "js", "react", "react-native", "testing", "workerd"];
    entries.push("solid", "svelte", "vue");
    expect(files).toEqual(expect.arrayContaining(entries.map((entry) => `package/dist/${entry}.js`)));
  });

  it("has no dependencies, except optional ones on React, Solid and Vue", () => {
    const manifest = JSON.parse(project.read("node_modules/tickseed/package.json").toString()) as object;
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).toMatchObject({
      peerDependencies: { react: "^18.0.0 || ^19.0.0", "solid-js": "^1.8.0", vue: "^3.3.0" },
      peerDependenciesMeta: {
        react: { optional: true },
        "solid-js": { optional: true },
        vue: { optional: true },
      },
    });
  });

  it("contains no path of the machine that built it", () => {
    const text = project.read("node_modules/tickseed/generated/tickseed_bg.wasm").toString("latin1");
    expect(text).not.toMatch(/\/(home|root|work|Users)\//);
  });

  it("passes publint", async () => {
    expect(await project.run("publint", "run", project.tarball, "--strict")).toContain("All good!");
  });

  it("passes arethetypeswrong", async () => {
    const options = ["--exclude-entrypoints", "tickseed_bg.wasm"];
    // It does not know that Node.js 20.19 and newer can require ES modules.
    options.push("--ignore-rules", "cjs-resolves-to-esm");
    expect(await project.run("attw", project.tarball, ...options)).toContain('"tickseed/react"');
  });
});
