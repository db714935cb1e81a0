import { describe, expect, it } from "vitest";

import { type Command, digests } from "../src/program.js";

const node = (program: string): Command => [process.execPath, "-e", program, "--"];
const forever = "setInterval(() => undefined, 1000);";
const listener = { line: () => undefined };

describe("a program", () => {
  it("that says nothing any more is ended", async () => {
    const silent = digests(node(forever), "walk", [1000], { ...listener, longestSilence: 3000 });
    await expect(silent).rejects.toThrow("it said nothing for 0.05 minutes");
  });

  it("that goes on telling how far it has got is not", async () => {
    const program = `let left = 8;
      setInterval(() => (left -= 1) > 0 ? console.error(left) : process.exit(), 1000);`;
    const told: number[] = [];
    await digests(node(program), "walk", [1000], {
      ...listener,
      progress: (states) => told.push(states),
      longestSilence: 5000,
    });
    expect(told).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  it("is ended when it is told to, and its complaints are shown when it fails", async () => {
    const end = new AbortController();
    const endless = digests(node(`console.error(1); ${forever}`), "walk", [1000], {
      ...listener,
      progress: () => end.abort(),
      signal: end.signal,
    });
    await expect(endless).rejects.toThrow("another row failed");
    const failing = digests(node(`console.error("no memory"); process.exit(3);`), "walk", [1000], listener);
    await expect(failing).rejects.toThrow(/ended with 3\nno memory$/);
  });
});
