/** Runs stand-ins for digest programs, some of which print wrong digests. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { ORDERS } from "../src/hosts/report.js";
import type { PreparedRow } from "../src/prepare.js";
import { recorded } from "../src/recorded.js";
import { runAll } from "../src/run.js";

const folder = mkdtempSync(join(tmpdir(), "tickseed-determinism-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Faults {
  /** The first wrong state of the walk. */
  readonly wrongFrom?: number;
  /** The target that it reports. */
  readonly target?: string;
  /** Whether it never ends after its first digest. */
  readonly endless?: boolean;
}

/** A program that prints recorded digests where there are any, and wrong ones from some state on. */
function program(name: string, { wrongFrom, target = name, endless = false }: Faults = {}): PreparedRow {
  const known = Object.fromEntries(ORDERS.map((order) => [order, Object.fromEntries(recorded(order))]));
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `const [order, ...rest] = process.argv.slice(2);
     const known = ${JSON.stringify(known)};
     const digest = (states) =>
       order === "walk" && states > ${wrongFrom ?? "Infinity"} ? "wrong" : known[order][states] ?? "right";
     if (rest[0] === "--state") console.log("state " + rest[1] + " of ${name}");
     else for (const states of rest.map(Number)) {
       console.log(JSON.stringify({ engine_version: 1, target: "${target}", build: "b", order, states,
         digest: digest(states), seconds: 0.5 }));
       if (${endless}) { setInterval(() => undefined, 1000); break; }
     }`,
  );
  chmodSync(file, 0o755);
  const names = { name, target: name, engine: "node", build: "text", compiled: "b" };
  return { ...names, command: [process.execPath, file], states: 10_000, cost: 10_000 };
}

/** Runs rows, with a correct program as the reference. */
function run(jobs: number, ...rows: readonly PreparedRow[]) {
  return runAll(rows, jobs, async () => program("reference").command);
}

describe("rows", () => {
  it("pass if the first has the recorded digests, and the others have those of the first", async () => {
    const { results, failure } = await run(2, program("first"), program("second"), program("third"));
    expect(failure).toBeUndefined();
    expect(results.map(({ target }) => target)).toEqual(["first", "second", "third"]);
    expect(results[1]?.digests.walk).toBe(recorded("walk").get(10_000));
  });

  it("fail at the first state that differs, and show both answers", async () => {
    const { results, failure } = await run(1, program("first"), program("second", { wrongFrom: 4321 }));
    expect(results.map(({ target }) => target)).toEqual(["first"]);
    expect(failure).toBe(
      [
        "second differs from the first row",
        "state 4,321, walk",
        "first:",
        "    state 4321 of first",
        "second:",
        "    state 4321 of second",
      ].join("\n"),
    );
  });

  it("end when one of them fails, and no further row starts", async () => {
    const endless = program("endless", { endless: true });
    const wrong = program("wrong", { wrongFrom: 0 });
    const { results, failure } = await run(2, program("first"), endless, wrong, program("last"));
    expect(results.map(({ target }) => target)).toEqual(["first"]);
    expect(failure).toContain("state 0, walk");
  });

  it("fail if the first lacks the recorded digests, and show the reference's answer", async () => {
    const { results, failure } = await run(1, program("first", { wrongFrom: 5000 }), program("second"));
    expect(results).toEqual([]);
    expect(failure).toContain("one of the states 1,000 to 9,999 differs");
    expect(failure).toContain("crates/conformance/digests/v1.txt");
    expect(failure).toContain("state 5000 of first\nthe reference:\n    state 5000 of reference");
  });

  it("report a mismatch even if the search for its state fails", async () => {
    const wrong = program("first", { wrongFrom: 5000 });
    const { failure } = await runAll([wrong], 1, () => {
      throw new Error("no compiler");
    });
    expect(failure).toBe(
      "first: walk: one of the states 1,000 to 9,999 differs; the search for that state failed: no compiler",
    );
  });

  it("report it if the reference agrees with the first", async () => {
    const wrong = program("first", { wrongFrom: 5000 });
    const { failure } = await runAll([wrong], 1, async () => wrong.command);
    expect(failure).toContain("The reference implementation agrees with the engine");
  });

  it("fail if one cannot be run, and no further row starts", async () => {
    const broken: PreparedRow = { ...program("broken"), command: [process.execPath, "--no-such-option"] };
    const { results, failure } = await run(1, program("first"), broken, program("third"));
    expect(results.map(({ target }) => target)).toEqual(["first"]);
    expect(failure).toContain("broken could not be run");
  });

  it("fail if their program was built differently", async () => {
    const { failure } = await run(1, program("first"), program("s390x", { target: "first" }));
    expect(failure).toContain("its program reports first, b, engine version 1, not s390x, b");
  });
});
