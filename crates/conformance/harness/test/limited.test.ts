/** Runs small programs, some of which never end, and looks whether they go on. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, describe, expect, it } from "vitest";

import { type Ended, type Limits, run } from "../src/faults/limited.js";

const folder = mkdtempSync(join(tmpdir(), "tickseed-limited-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that starts another one, which writes a file longer and longer; neither ends by itself. */
function forever(file: string): string {
  const writes = `setInterval(() => require("node:fs").appendFileSync(${JSON.stringify(file)}, "."), 20)`;
  return `
    const { spawn } = require("node:child_process");
    spawn(process.execPath, ["-e", ${JSON.stringify(writes)}], { stdio: "ignore" });
  `;
}

function node(program: string, limits: Limits = {}): Promise<Ended> {
  return run(process.execPath, ["-e", program], limits);
}

describe("a program", () => {
  it("ends as it wants, and what it prints is kept", async () => {
    const program = 'console.log("out"); console.error("wrong"); process.exitCode = 3;';
    const { status, tooLong, output } = await node(program, { milliseconds: 50_000 });
    expect({ status, tooLong }).toEqual({ status: 3, tooLong: false });
    expect(output.split("\n").sort()).toEqual(["", "out", "wrong"]);
  });

  it("may take as long as it wants if there is no limit", async () => {
    expect(await node("setTimeout(() => undefined, 300)")).toEqual({ status: 0, tooLong: false, output: "" });
  });

  it("runs where it is told, with what it is told", async () => {
    const limits = { cwd: folder, env: { ...process.env, TOLD: "so" } };
    const program = 'require("node:fs").writeFileSync("where", process.env.TOLD)';
    expect((await node(program, limits)).status).toBe(0);
    expect(readFileSync(join(folder, "where"), "utf8")).toBe("so");
  });

  it("that does not exist is an error", async () => {
    await expect(run("no-such-program", [], {})).rejects.toThrow("ENOENT");
  });
});

// Windows has no groups of processes, and no faults are planted there.
describe.skipIf(process.platform === "win32")("a program that never ends", () => {
  it("is ended after its time, with all that it has started", async () => {
    const file = join(folder, "longer");
    const { status, tooLong } = await node(forever(file), { milliseconds: 10_000 });
    expect({ status, tooLong }).toEqual({ status: undefined, tooLong: true });
    const written = readFileSync(file, "utf8");
    expect(written).not.toBe("");
    await sleep(500);
    expect(readFileSync(file, "utf8")).toBe(written);
  });

  it("is told from one that somebody else has ended", async () => {
    const { status, tooLong } = await node('process.kill(process.pid, "SIGTERM")', { milliseconds: 50_000 });
    expect({ status, tooLong }).toEqual({ status: undefined, tooLong: false });
  });
});
