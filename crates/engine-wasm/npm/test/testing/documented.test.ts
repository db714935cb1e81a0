/** The documents show what the tests run. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

it("shows the recipe as it is tested", () => {
  const recipe = read("recipe.test.ts");
  expect(read("../../../../../docs/recipes/testing.md")).toContain(`\`\`\`ts\n${recipe}\`\`\``);
});
