import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

import { moduleBytes } from "../generated/inline.js";

it("the embedded WebAssembly module equals the file, byte for byte", () => {
  const file = readFileSync(new URL("../generated/tickseed_bg.wasm", import.meta.url));
  expect(Buffer.from(moduleBytes()).equals(file)).toBe(true);
});
