import { describe, expect, it } from "vitest";

import { choose } from "../src/faults/list.js";
import type { Outcome } from "../src/faults/notice.js";
import { passes, table, unnoticed } from "../src/faults/results.js";

const NO: Outcome = { noticed: "no", output: "" };
const YES: Outcome = { noticed: "yes", output: "assertion failed" };
const FOREVER: Outcome = { noticed: "yes, goes on forever", output: "" };

const FAULT = { name: "a mistake", file: "epoch.rs", right: "a", wrong: "b" };

describe("faults", () => {
  it("are chosen by a part of their name", () => {
    const names = choose("a step as usize").map(({ name }) => name);
    expect(names).toEqual(["a step as usize"]);
  });

  it("are chosen by their file, of which the whole name counts", () => {
    expect(new Set(choose("keys.rs").map(({ file }) => file))).toEqual(new Set(["keys.rs"]));
    expect(choose("keys.r")).toEqual([]);
  });

  it("are all chosen by nothing, each of another name", () => {
    const names = choose("").map(({ name }) => name);
    expect(names.length).toBeGreaterThan(40);
    expect(new Set(names).size).toBe(names.length);
  });

  it("are none if none is called so", () => {
    expect(choose("nosuch")).toEqual([]);
  });
});

describe("what was noticed", () => {
  it("is what one test has noticed at least", () => {
    expect(passes({ vectors: NO, digest: NO })).toBe(true);
    expect(passes({ vectors: FOREVER, digest: NO })).toBe(false);
    const outcomes = [
      { vectors: NO, digest: YES },
      { vectors: NO, digest: NO },
      { vectors: YES, digest: NO },
    ];
    expect(unnoticed(outcomes.map((each) => ({ fault: FAULT, outcomes: each })))).toBe(1);
  });

  it("is told apart from what goes on forever, fault by fault", () => {
    const elsewhere = { ...FAULT, only: "s390x-unknown-linux-gnu" };
    const lines = table([
      { fault: FAULT, outcomes: { vectors: NO, digest: YES } },
      { fault: elsewhere, outcomes: { vectors: FOREVER, digest: YES } },
    ]).split("\n");
    expect(lines.slice(2)).toEqual([
      "| a mistake | `epoch.rs` | every one | no | yes |",
      "| a mistake | `epoch.rs` | s390x-unknown-linux-gnu | yes, goes on forever | yes |",
    ]);
  });
});
