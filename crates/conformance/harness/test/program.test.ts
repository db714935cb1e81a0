import { describe, expect, it } from "vitest";

import { type Command, runDigests } from "../src/program.js";

const node = (program: string): Command => [process.execPath, "-e", program, "--"];
const forever = "setInterval(() => undefined, 1000);";
const listener = { line: () => undefined };

describe("a program", () => {
  it("is ended if it falls silent", async () => {
    const silent = runDigests(node(forever), "walk", [1000], { ...listener, longestSilence: 3000 });
    await expect(silent).rejects.toThrow("no output for 0.05 minutes");
  });

  it("is not ended while it reports progress", async () => {
    const program = `let left = 8;
      setInterval(() => (left -= 1) > 0 ? console.error(left) : process.exit(), 1000);`;
    const reports: number[] = [];
    await runDigests(node(program), "walk", [1000], {
      ...listener,
      progress: (states) => reports.push(states),
      longestSilence: 5000,
    });
    expect(reports).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  it("is ended on request, and its error messages are shown if it fails", async () => {
    const end = new AbortController();
    const endless = runDigests(node(`console.error(1); ${forever}`), "walk", [1000], {
      ...listener,
      progress: () => end.abort(),
      signal: end.signal,
    });
    await expect(endless).rejects.toThrow("another row failed");
    const failing = runDigests(
      node(`console.error("no memory"); process.exit(3);`),
      "walk",
      [1000],
      listener,
    );
    await expect(failing).rejects.toThrow(/ended with 3\nno memory$/);
  });
});
