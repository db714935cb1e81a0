import type { SessionRecord } from "tickseed";
import { expect, test } from "vitest";

import { curlCommand, quoted, tickseedCommand } from "../../src/check/commands.js";

const RECORD = {
  id: "sess_1",
  seed: "it's new",
  start_at: "2026-12-31T22:59:50.000Z",
  tick_ms: 100,
  rules: { break_interval: { min: 30, max: 80 }, rounds_per_epoch: 64 },
  schedule: [
    { at: "2026-12-31T23:00:00.000Z", paused: true },
    { at: "2026-12-31T23:01:00.000Z", tick_ms: 50 },
    { at: "2026-12-31T23:30:00.000Z", paused: true },
  ],
  stopped_at: "2026-12-31T23:10:00.000Z",
} as unknown as SessionRecord;

test("the command says everything, and nothing that comes after the stop", () => {
  expect(tickseedCommand(RECORD, Date.parse("2027-01-01T00:00:00.000Z")).replaceAll(" \\\n ", "")).toBe(
    "tickseed state --seed 'it'\\''s new' --start-at 2026-12-31T22:59:50.000Z --tick-ms 100 --min 30 --max 80" +
      " --rounds-per-epoch 64 --change 2026-12-31T23:00:00.000Z=paused --change 2026-12-31T23:01:00.000Z=50" +
      " --at 2026-12-31T23:10:00.000Z",
  );
});

test("curl asks for the same instant", () => {
  expect(curlCommand("http://localhost:8080/v1/sessions/sess_1", 0)).toBe(
    "curl -s 'http://localhost:8080/v1/sessions/sess_1/state?at=1970-01-01T00:00:00.000Z'",
  );
});

test.each([
  ["plain", "plain"],
  ["$(reboot)", "'$(reboot)'"],
  ["a b", "'a b'"],
  ["", "''"],
])("a shell reads %j as it is", (text, shell) => {
  expect(quoted(text)).toBe(shell);
});
