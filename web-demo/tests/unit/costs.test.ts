import { expect, test } from "vitest";

import { costsOf, messageBytes, messageOf } from "../../src/costs/costs.js";

test("the costs follow from the counted figures", () => {
  const state = { step: 1, value: 2, round: 0, broken: false };
  const message = messageOf(state);
  expect(message).toBe('{"step":1,"value":2,"round":0,"broken":false}');
  const { counted, streamed } = costsOf({
    requests: 40,
    bytes: 20_000,
    streamed: { steps: 600, bytes: 30_000 },
    tickMs: 100,
    message,
  });
  expect(counted).toEqual({
    messages: 40,
    bytes: 20_000,
    millionMessages: (8 / 60) * 1e6,
    millionBytes: (8 / 60) * 500 * 1e6,
  });
  expect(messageBytes(state)).toBe(message.length + 2);
  expect(streamed).toEqual({
    messages: 600,
    bytes: 30_000,
    millionMessages: 1e7,
    millionBytes: 10 * messageBytes(state) * 1e6,
  });
});

test("before anything was sent, nothing is divided by zero", () => {
  const streamed = { steps: 0, bytes: 0 };
  expect(costsOf({ requests: 0, bytes: 0, streamed, tickMs: 50, message: "{}" }).counted.millionBytes).toBe(
    0,
  );
});
