import { describe, expect, it } from "vitest";

import type { Outcome } from "../src/faults/detect.js";
import { selectFaults } from "../src/faults/list.js";
import { bothPass, countUndetected, table } from "../src/faults/results.js";

const NO: Outcome = { detected: "no", output: "" };
const YES: Outcome = { detected: "yes", output: "assertion failed" };
const NEVER_ENDS: Outcome = { detected: "yes, never ends", output: "" };

const FAULT = { name: "a mistake", file: "epoch.rs", right: "a", wrong: "b" };

describe("faults", () => {
  it("are selected by a part of their name", () => {
    const names = selectFaults("a step is a usize").map(({ name }) => name);
    expect(names).toEqual(["a step is a usize"]);
  });

  it("are selected by the full name of their file", () => {
    expect(new Set(selectFaults("keys.rs").map(({ file }) => file))).toEqual(new Set(["keys.rs"]));
    expect(selectFaults("keys.r")).toEqual([]);
  });

  it("are all selected by the empty text, and have different names", () => {
    const names = selectFaults("").map(({ name }) => name);
    expect(names.length).toBeGreaterThan(40);
    expect(new Set(names).size).toBe(names.length);
  });

  it("are not selected by an unknown name", () => {
    expect(selectFaults("nosuch")).toEqual([]);
  });
});

describe("a fault", () => {
  it("is detected if at least one test fails", () => {
    expect(bothPass({ vectors: NO, digest: NO })).toBe(true);
    expect(bothPass({ vectors: NEVER_ENDS, digest: NO })).toBe(false);
    const outcomes = [
      { vectors: NO, digest: YES },
      { vectors: NO, digest: NO },
      { vectors: YES, digest: NO },
    ];
    expect(countUndetected(outcomes.map((each) => ({ fault: FAULT, outcomes: each })))).toBe(1);
  });

  it("has a line in the table, which says whether a test never ends", () => {
    const elsewhere = { ...FAULT, only: "s390x-unknown-linux-gnu" };
    const lines = table([
      { fault: FAULT, outcomes: { vectors: NO, digest: YES } },
      { fault: elsewhere, outcomes: { vectors: NEVER_ENDS, digest: YES } },
    ]).split("\n");
    expect(lines.slice(2)).toEqual([
      "| a mistake | `epoch.rs` | any | no | yes |",
      "| a mistake | `epoch.rs` | s390x-unknown-linux-gnu | yes, never ends | yes |",
    ]);
  });
});
