import { describe, expect, it } from "vitest";

import { withRun } from "../src/document.js";
import { type Row, rows, selectRows } from "../src/rows.js";

const engines = (selected: readonly Row[]) => selected.map(({ engine }) => engine);

describe("rows are selected", () => {
  it("all of them by the empty text", () => {
    const all = rows();
    expect(selectRows(all, "")).toEqual(all);
  });

  it.each(["wasmi", "Node.js", "SpiderMonkey", "firefox", "wasmtime", "bun"])(
    "by their engine: %s",
    (text) => {
      const [first, ...others] = engines(selectRows(rows(), text));
      expect(first).toBe("the processor");
      expect(others.length).toBeGreaterThan(0);
      expect(others.filter((engine) => !engine.toLowerCase().includes(text.toLowerCase()))).toEqual([]);
    },
  );

  it("by their build", () => {
    expect(selectRows(rows(), "debug").map(({ build }) => build)).toEqual(["opt-level 3", "debug", "debug"]);
  });

  it("or an unknown text gives an error", () => {
    expect(() => selectRows(rows(), "s309x")).toThrow('no row has "s309x"');
  });
});

describe("the documentation", () => {
  const [begin, end] = [
    "<!-- The full run begins here; scripts/determinism --full writes it. -->",
    "<!-- The full run ends here. -->",
  ];

  it("has its full run replaced", () => {
    expect(withRun(`a\n${begin}\nold\n${end}\nb`, "new")).toBe(`a\n${begin}\n\nnew\n\n${end}\nb`);
  });

  it.each([`a\n${begin}\n`, `${end} ${begin}`, ""])("must have markers for the full run", (text) => {
    expect(() => withRun(text, "new")).toThrow("no place");
  });
});
