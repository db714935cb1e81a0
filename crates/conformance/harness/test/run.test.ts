/** Runs programs that take the arguments of a digest program, some of them wrong. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import type { Prepared } from "../src/prepare.js";
import { runAll } from "../src/run.js";
import { recorded } from "../src/recorded.js";

const folder = mkdtempSync(join(tmpdir(), "tickseed-determinism-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Faults {
  /** The state from which on the walk is another one. */
  readonly wrongFrom?: number;
  /** What it says that it was built for. */
  readonly target?: string;
  /** Whether it goes on forever after its first digest. */
  readonly endless?: boolean;
}

/** Digests of version 1, as far as they are known by heart; and wrong ones from a state on. */
function program(name: string, { wrongFrom, target = name, endless = false }: Faults = {}): Prepared {
  const known = {
    scattered: Object.fromEntries(recorded("scattered")),
    walk: Object.fromEntries(recorded("walk")),
  };
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

/** Runs rows; a sound program decides if the first has not the digests of its version. */
function run(jobs: number, ...rows: readonly Prepared[]) {
  return runAll(rows, jobs, () => program("reference").command);
}

describe("rows", () => {
  it("pass if they have the digests of the first, and the first those of its version", async () => {
    const { results, failure } = await run(2, program("first"), program("second"), program("third"));
    expect(failure).toBeUndefined();
    expect(results.map(({ target }) => target)).toEqual(["first", "second", "third"]);
    expect(results[1]?.digests.walk).toBe(recorded("walk").get(10_000));
  });

  it("fail at the first state that differs, which is shown as both see it", async () => {
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

  it("end when another one differs, and none comes after", async () => {
    const endless = program("endless", { endless: true });
    const wrong = program("wrong", { wrongFrom: 0 });
    const { results, failure } = await run(2, program("first"), endless, wrong, program("last"));
    expect(results.map(({ target }) => target)).toEqual(["first"]);
    expect(failure).toContain("state 0, walk");
  });

  it("fail if the first has not the digests of its version, as the reference sees it", async () => {
    const { results, failure } = await run(1, program("first", { wrongFrom: 5000 }), program("second"));
    expect(results).toEqual([]);
    expect(failure).toContain("one of the states 1,000 to 9,999 differs");
    expect(failure).toContain("crates/conformance/digests/v1.txt");
    expect(failure).toContain("state 5000 of first\nthe reference:\n    state 5000 of reference");
  });

  it("say that they differ even if it cannot be shown where", async () => {
    const wrong = program("first", { wrongFrom: 5000 });
    const { failure } = await runAll([wrong], 1, () => {
      throw new Error("no compiler");
    });
    expect(failure).toBe(
      "first: walk, one of the states 1,000 to 9,999 is another one; which state it is could not be found out: no compiler",
    );
  });

  it("say so if the reference computes the same as the first", async () => {
    const wrong = program("first", { wrongFrom: 5000 });
    const { failure } = await runAll([wrong], 1, () => wrong.command);
    expect(failure).toContain("The reference implementation computes the same");
  });

  it("fail if they cannot be run, and none comes after", async () => {
    const broken: Prepared = { ...program("broken"), command: [process.execPath, "--no-such-option"] };
    const { results, failure } = await run(1, program("first"), broken, program("third"));
    expect(results.map(({ target }) => target)).toEqual(["first"]);
    expect(failure).toContain("broken could not be run");
  });

  it("fail if their program is another one", async () => {
    const { failure } = await run(1, program("first"), program("s390x", { target: "first" }));
    expect(failure).toContain("its program says that it is first, b, engine version 1, not s390x, b");
  });
});
