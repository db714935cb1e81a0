import { describe, expect, it } from "vitest";

import { instantiate } from "../src/hosts/driver.js";

/** A WebAssembly module with nothing in it. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

describe("a driver", () => {
  it("that imports no engine is not taken for one that asks ours", async () => {
    await expect(instantiate(EMPTY, {})).rejects.toThrow("has an engine inside");
  });
});
