import { describe, expect, it } from "vitest";

import { instantiate } from "../src/hosts/driver.js";

/** An empty WebAssembly module. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

describe("a driver", () => {
  it("is rejected if it should import an engine and does not", async () => {
    await expect(instantiate(EMPTY, {})).rejects.toThrow("contains an engine");
  });
});
