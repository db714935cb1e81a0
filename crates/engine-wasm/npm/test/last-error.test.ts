import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";

import * as bindings from "../src/engine/bindings.js";
import { errorFor, lastError } from "../src/engine/last-error.js";

vi.mock(import("../src/engine/bindings.js"), async (original) => ({
  ...(await original()),
  errorPart: vi.fn(),
}));

interface Case {
  numbers: [kind: number, field: number, min: number, max: number, value: number];
  code: string;
  field: string;
  message: string;
}

/** The Rust crate tests the engine's own numbers and messages against the same file. */
const FILE = new URL("../../tests/errors.json", import.meta.url);
const cases = JSON.parse(readFileSync(FILE, "utf8")) as Case[];

describe("the engine's errors have the engine's messages", () => {
  it.each(cases)("$message", ({ numbers, code, field, message }) => {
    vi.mocked(bindings.errorPart).mockImplementation((part) => numbers[part] ?? Number.NaN);
    expect(lastError()).toMatchObject({ name: "EngineError", code, field, message });
  });

  it("under another name if the input has one", () => {
    const { numbers, code } = cases.find((one) => one.field === "now") ?? expect.unreachable();
    vi.mocked(bindings.errorPart).mockImplementation((part) => numbers[part] ?? Number.NaN);
    expect(lastError({ now: "stopped_at" })).toMatchObject({ code, field: "stopped_at" });
  });

  it("an error of an unknown kind has a separate code", () => {
    expect(errorFor(Number.NaN, "step", 0, 1, 2)).toMatchObject({ code: "invalid", field: "step" });
  });
});
