import { describe, expect, it } from "vitest";

import { withRun } from "../src/document.js";
import { chosenOf, type Row, rows } from "../src/rows.js";

const engines = (chosen: readonly Row[]) => chosen.map(({ engine }) => engine);

describe("rows are chosen", () => {
  it("all of them by nothing", () => {
    const all = rows();
    expect(chosenOf(all, "")).toEqual(all);
  });

  it.each(["wasmi", "Node.js", "SpiderMonkey", "firefox", "wasmtime", "bun"])(
    "by their engine: %s",
    (text) => {
      const [first, ...others] = engines(chosenOf(rows(), text));
      expect(first).toBe("the processor");
      expect(others.length).toBeGreaterThan(0);
      expect(others.filter((engine) => !engine.toLowerCase().includes(text.toLowerCase()))).toEqual([]);
    },
  );

  it("by their build", () => {
    expect(chosenOf(rows(), "debug").map(({ build }) => build)).toEqual(["opt-level 3", "debug", "debug"]);
  });

  it("or it is an error", () => {
    expect(() => chosenOf(rows(), "s309x")).toThrow('no row has "s309x"');
  });
});

describe("the documentation", () => {
  const [begin, end] = [
    "<!-- The full run begins here; scripts/determinism --full writes it. -->",
    "<!-- The full run ends here. -->",
  ];

  it("gets another run in place of the last", () => {
    expect(withRun(`a\n${begin}\nold\n${end}\nb`, "new")).toBe(`a\n${begin}\n\nnew\n\n${end}\nb`);
  });

  it.each([`a\n${begin}\n`, `${end} ${begin}`, ""])("has to have a place for it", (text) => {
    expect(() => withRun(text, "new")).toThrow("no longer a place");
  });
});
