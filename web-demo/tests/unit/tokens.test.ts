import { expect, test } from "vitest";

import { Tokens } from "../../src/session/tokens.js";

const SERVER = "https://ticks.example";

test("a token is kept for this tab, also where the browser forbids storage", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  };
  new Tokens(storage).keep(SERVER, "sess_1", "tst_1");
  expect(new Tokens(storage).of(SERVER, "sess_1")).toBe("tst_1");
  expect(new Tokens(storage).of(SERVER, "sess_2")).toBeUndefined();
  const forbidden = {
    getItem: (): string => {
      throw new Error("forbidden");
    },
    setItem: (): void => {
      throw new Error("forbidden");
    },
  };
  const tokens = new Tokens(forbidden);
  tokens.keep(SERVER, "sess_1", "tst_1");
  expect(tokens.of(SERVER, "sess_1")).toBe("tst_1");
});

test("a token is for the server that gave it, whatever id another server answers with", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  };
  const tokens = new Tokens(storage);
  tokens.keep(SERVER, "sess_1", "tst_1");
  for (const those of [tokens, new Tokens(storage)]) {
    expect(those.of("https://other.example", "sess_1")).toBeUndefined();
    expect(those.of("http://ticks.example", "sess_1")).toBeUndefined();
    expect(those.of(`${SERVER}/v1/sessions/sess_1`, "sess_1")).toBe("tst_1");
  }
});
