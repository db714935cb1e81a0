/** Runs programs that take the arguments of a digest program, some of them wrong. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { type Prepared, runAll } from "../src/run.js";
import { stored } from "../src/stored.js";

const folder = mkdtempSync(join(tmpdir(), "tickseed-determinism-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Digests of version 1, as far as they are known by heart; and wrong ones from a state on. */
function program(name: string, wrongFrom = Number.POSITIVE_INFINITY): Prepared {
  const known = Object.fromEntries([
    ...stored(1, "scattered"),
    ...[...stored(1, "walk")].map(([n, d]) => [-n, d]),
  ]);
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `const [order, ...rest] = process.argv.slice(2);
     const known = ${JSON.stringify(known)};
     const digest = (states) => states > ${wrongFrom} && order === "walk" ? "wrong" :
       known[order === "walk" ? -states : states] ?? "right";
     if (rest[0] === "--state") console.log("state " + rest[1] + " of ${name}");
     else for (const states of rest.map(Number)) console.log(JSON.stringify(
       { engine_version: 1, target: "t", build: "b", order, states, digest: digest(states), seconds: 0.5 }));`,
  );
  chmodSync(file, 0o755);
  const names = { name, target: name, engine: "node", build: "text" };
  return { ...names, command: [process.execPath, file], states: 10_000, cost: 10_000 };
}

describe("rows", () => {
  it("pass if they have the digests of the first, and the first those of its version", async () => {
    const { results, failure } = await runAll([program("first"), program("second"), program("third")], 2);
    expect(failure).toBeUndefined();
    expect(results.map(({ target }) => target)).toEqual(["first", "second", "third"]);
    expect(results[1]?.digests.walk).toBe(stored(1, "walk").get(10_000));
  });

  it("fail at the first state that differs, which is shown as both see it", async () => {
    const { results, failure } = await runAll([program("first"), program("second", 4321)], 1);
    expect(results.map(({ target }) => target)).toEqual(["first"]);
    expect(failure).toBe(
      "state 4,321, walk\nfirst:\n    state 4321 of first\nsecond:\n    state 4321 of second",
    );
  });

  it("fail if the first has not the digests of its version", async () => {
    const { results, failure } = await runAll([program("first", 5000), program("second")], 1);
    expect(results).toEqual([]);
    expect(failure).toContain("one of the states 1,000 to 9,999 differs");
    expect(failure).toContain("crates/digest/digests/v1.txt");
  });

  it("fail if they cannot be run, and none comes after", async () => {
    const broken: Prepared = { ...program("broken"), command: [process.execPath, "--no-such-option"] };
    const { results, failure } = await runAll([program("first"), broken, program("third")], 1);
    expect(results.map(({ target }) => target)).toEqual(["first"]);
    expect(failure).toContain("broken could not be run");
  });
});
