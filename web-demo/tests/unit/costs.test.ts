import { expect, test } from "vitest";

import { costsOf } from "../../src/costs/costs.js";

test("the costs follow from the counted figures", () => {
  const message = '{"step":1,"value":2,"round":0,"broken":false}';
  const { counted, streamed } = costsOf({
    players: 4,
    requests: 40,
    bytes: 20_000,
    steps: 600,
    tickMs: 100,
    message,
  });
  expect(counted).toEqual({
    messages: 10,
    bytes: 5_000,
    millionMessages: (8 / 60) * 1e6,
    millionBytes: (8 / 60) * 500 * 1e6,
  });
  const messageBytes = message.length + 2;
  expect(streamed).toEqual({
    messages: 600,
    bytes: 600 * messageBytes,
    millionMessages: 1e7,
    millionBytes: 10 * messageBytes * 1e6,
  });
});

test("before anything was sent, nothing is divided by zero", () => {
  expect(
    costsOf({ players: 1, requests: 0, bytes: 0, steps: 0, tickMs: 50, message: "{}" }).counted.millionBytes,
  ).toBe(0);
});
