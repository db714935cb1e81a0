/** Runs small programs, some of which never end, and checks that they are killed. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, describe, expect, it } from "vitest";

import { type Exit, type RunOptions, run } from "../src/faults/time-limit.js";

const folder = mkdtempSync(join(tmpdir(), "tickseed-time-limit-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that starts another one, which keeps appending to a file. Neither ends by itself. */
function forever(file: string): string {
  const writes = `setInterval(() => require("node:fs").appendFileSync(${JSON.stringify(file)}, "."), 20)`;
  return `
    const { spawn } = require("node:child_process");
    spawn(process.execPath, ["-e", ${JSON.stringify(writes)}], { stdio: "ignore" });
  `;
}

function node(program: string, options: RunOptions = {}): Promise<Exit> {
  return run(process.execPath, ["-e", program], options);
}

describe("a program", () => {
  it("is run to its end, and its output is returned", async () => {
    const program = 'console.log("out"); console.error("wrong"); process.exitCode = 3;';
    const { status, timedOut, output } = await node(program, { milliseconds: 50_000 });
    expect({ status, timedOut }).toEqual({ status: 3, timedOut: false });
    expect(output.split("\n").sort()).toEqual(["", "out", "wrong"]);
  });

  it("may run for any time without a limit", async () => {
    expect(await node("setTimeout(() => undefined, 300)")).toEqual({
      status: 0,
      timedOut: false,
      output: "",
    });
  });

  it("runs in the given folder with the given environment", async () => {
    const options = { cwd: folder, env: { ...process.env, VARIABLE: "value" } };
    const program = 'require("node:fs").writeFileSync("file", process.env.VARIABLE)';
    expect((await node(program, options)).status).toBe(0);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("value");
  });

  it("that does not exist gives an error", async () => {
    await expect(run("no-such-program", [], {})).rejects.toThrow("ENOENT");
  });
});

// Windows has no process groups, and no faults are planted there.
describe.skipIf(process.platform === "win32")("a program that never ends", () => {
  it("is killed at the time limit, with everything it has started", async () => {
    const file = join(folder, "longer");
    const { status, timedOut } = await node(forever(file), { milliseconds: 10_000 });
    expect({ status, timedOut }).toEqual({ status: undefined, timedOut: true });
    const written = readFileSync(file, "utf8");
    expect(written).not.toBe("");
    await sleep(500);
    expect(readFileSync(file, "utf8")).toBe(written);
  });

  it("differs from one that another process has ended", async () => {
    const { status, timedOut } = await node('process.kill(process.pid, "SIGTERM")', { milliseconds: 50_000 });
    expect({ status, timedOut }).toEqual({ status: undefined, timedOut: false });
  });
});
