import { expect, test } from "vitest";

import { Tokens } from "../../src/session/tokens.js";

test("a token is kept for this tab, also where the browser forbids storage", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  };
  new Tokens(storage).keep("sess_1", "tst_1");
  expect(new Tokens(storage).of("sess_1")).toBe("tst_1");
  expect(new Tokens(storage).of("sess_2")).toBeUndefined();
  const forbidden = {
    getItem: (): string => {
      throw new Error("forbidden");
    },
    setItem: (): void => {
      throw new Error("forbidden");
    },
  };
  const tokens = new Tokens(forbidden);
  tokens.keep("sess_1", "tst_1");
  expect(tokens.of("sess_1")).toBe("tst_1");
});
