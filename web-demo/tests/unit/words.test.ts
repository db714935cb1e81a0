import { describe, expect, test } from "vitest";

import { highlightMs } from "../../src/flash.js";
import { type Happenings, notice, refusalWords } from "../../src/notice.js";
import { Refused, Unreachable } from "../../src/server.js";
import { Comparisons } from "../../src/verdict.js";
import {
  ago,
  clockTime,
  clockTimeExact,
  counted,
  duration,
  plusMinus,
  secondsLeft,
} from "../../src/words.js";

/** A local time, as the page shows it. */
const NOON = new Date(2026, 10, 23, 12, 3, 4, 40).getTime();
const MINUTE = 60_000;

test("numbers and instants are formatted", () => {
  expect(counted(1, "check")).toBe("1 check");
  expect(counted(12_345, "tick")).toBe("12,345 ticks");
  expect(clockTime(NOON)).toBe("12:03:04");
  expect(clockTimeExact(NOON)).toBe("12:03:04.040");
  expect(secondsLeft(2_001)).toBe("2.1 s");
  expect(secondsLeft(1)).toBe("0.1 s");
  expect(secondsLeft(5 * MINUTE)).toBe("5 min");
  expect(duration(59_999)).toBe("59 s");
  expect(duration(120 * MINUTE)).toBe("2 h");
  expect(duration(3 * 24 * 60 * MINUTE)).toBe("3 days");
  expect(ago(400)).toBe("just now");
  expect(plusMinus(301)).toBe("± 0.4 ms");
  expect(plusMinus(0)).toBe("± 0.1 ms");
  expect(plusMinus(12_300)).toBe("± 13 ms");
});

describe("the notice", () => {
  const running: Happenings = {
    now: NOON,
    startsAt: NOON - MINUTE,
    stoppedAt: undefined,
    step: 321,
    pace: { isPaused: false, tickMs: 100 },
    nextChange: undefined,
    silentSince: undefined,
    silentBecause: "",
    backSince: undefined,
    refusal: undefined,
    isGone: false,
  };
  const words = (change: Partial<Happenings>): string => notice({ ...running, ...change }).words;

  test("describes the session from start to stop", () => {
    expect(words({ startsAt: NOON + 3_000 })).toBe(
      "Starts at 12:03:07. The session has already been handed out.",
    );
    expect(words({ startsAt: NOON + 24 * 60 * MINUTE })).toContain("12:03:04 on 24 November 2026.");
    expect(words({})).toBe("Running. The server is asked only for comparison.");
    expect(words({ stoppedAt: NOON + 2_000 })).toBe("Stops for everyone at 12:03:06.");
    expect(words({ stoppedAt: NOON })).toBe("Stopped for everyone at 12:03:04, at step 321.");
    expect(words({ startsAt: NOON + 5_000, stoppedAt: NOON })).toContain("before its first step");
  });

  test("describes pauses and changes of the pace", () => {
    const pace = { isPaused: true, tickMs: 100 };
    const at = NOON + 2_000;
    expect(words({ nextChange: { at, isPaused: true, tickMs: 100 } })).toBe(
      "Pauses for everyone at 12:03:06.",
    );
    expect(words({ pace })).toBe("Paused for everyone at step 321.");
    expect(words({ pace, nextChange: { at, isPaused: false, tickMs: 100 } })).toBe(
      "Paused for everyone at step 321. Resumes at 12:03:06.",
    );
    expect(words({ nextChange: { at, isPaused: false, tickMs: 50 } })).toBe(
      "Ticks of 50 ms for everyone at 12:03:06.",
    );
    expect(words({ pace, stoppedAt: at })).toContain("Stops");
    expect(words({ pace, silentSince: NOON })).not.toContain("keep running");
  });

  test("reports the server's silence, without claiming that a stopped counter keeps running", () => {
    expect(words({ silentSince: NOON })).toBe(
      "The server has been unreachable since 12:03:04. The counters keep running: they need nothing from it.",
    );
    expect(words({ silentSince: NOON, silentBecause: "the response was 503 Service Unavailable" })).toContain(
      "since 12:03:04 (the response was 503 Service Unavailable).",
    );
    expect(words({ silentSince: NOON, stoppedAt: NOON })).not.toContain("keep running");
  });

  test("reports for a while that the server is back, unless there is something more important", () => {
    expect(words({ backSince: NOON - 1_000 })).toBe(
      "The server came back at 12:03:03. The counters never noticed.",
    );
    expect(words({ backSince: NOON - 10_000 })).toBe(words({}));
    expect(words({ backSince: NOON - 1_000, stoppedAt: NOON + 1_000 })).toContain("Stops");
  });

  test("reports for a while that a change was refused", () => {
    const refusal = { at: NOON, words: "Nothing has changed." };
    expect(words({ refusal, now: NOON + 5_999 })).toBe("Nothing has changed.");
    expect(words({ refusal, now: NOON + 6_000 })).toBe(words({}));
    expect(words({ refusal, silentSince: NOON })).toContain("unreachable");
  });

  test.each([
    [
      new Refused("later_changes", "replace_later takes these changes back"),
      "Nothing has changed: the session has a plan for later, which these buttons leave alone.",
    ],
    [
      new Refused("not_paused", "the session is not paused at noon"),
      "Nothing has changed: the session is not paused at noon.",
    ],
    [
      new Refused("right_missing", "the control token does not give the right"),
      "Nothing has changed: on this server, only the tab that created a session changes it.",
    ],
    [new Unreachable("no response"), "The server has not confirmed the change: no response."],
  ])("describes the refusal %s", (error, expected) => {
    expect(refusalWords(error)).toBe(expected);
  });

  test("reports that the session has expired", () => {
    expect(words({ isGone: true })).toContain("expired");
    expect(words({ isGone: true })).toContain("keep running");
    expect(words({ isGone: true, stoppedAt: NOON })).not.toContain("keep running");
  });

  test("stays the same while nothing happens, because it is read out", () => {
    for (const change of [
      {},
      { stoppedAt: NOON + 2_000 },
      { silentSince: NOON },
      { startsAt: NOON + 3_000 },
      { nextChange: { at: NOON + 2_000, isPaused: true, tickMs: 100 } },
    ]) {
      expect(words({ ...change, now: NOON + 500, step: 326 })).toBe(words(change));
    }
  });
});

describe("the verdict", () => {
  const expected = { step: 7, value: 8, round: 0, broken: false };
  const player = (name: string, agrees: boolean) => ({
    name,
    agrees,
    state: agrees ? expected : { ...expected, value: 9 },
  });

  test("says nothing before the first comparison", () => {
    expect(new Comparisons().verdict()).toBeUndefined();
  });

  test("counts checks and differences, and names the players that differ", () => {
    const comparisons = new Comparisons();
    comparisons.add({ instant: NOON, expected, players: [player("Anna", true), player("Ben", true)] });
    expect(comparisons.verdict()).toMatchObject({
      isGood: true,
      words: "2 of 2 players computed the same as the server",
      details: "At 12:03:04.040: step 7, value 8. 1 check so far, 0 differences.",
      data: { same: 2, players: 2, instant: NOON, checks: 1, differences: 0 },
    });
    comparisons.add({ instant: NOON, expected, players: [player("Anna", true), player("Ben", false)] });
    expect(comparisons.verdict()).toMatchObject({
      isGood: false,
      words: "Only 1 of 2 players computed the same as the server",
      details: "Expected step 7, value 8; Ben: step 7, value 9. 2 checks so far, 1 difference.",
      data: { same: 1, checks: 2, differences: 1 },
    });
  });

  test("compares the players with each other while the server is silent", () => {
    const among = { instant: NOON, expected, players: [player("Anna", true), player("Ben", true)] };
    expect(new Comparisons().verdictWithout(among, NOON)).toMatchObject({
      isGood: true,
      words: "2 of 2 players still agree with each other",
      details: "Nothing to compare with since 12:03:04. 0 checks so far, 0 differences.",
    });
  });
});

test("a break is highlighted long enough to be seen, but never flickers", () => {
  expect(highlightMs(30, 100)).toBe(900);
  expect(highlightMs(9, 100)).toBe(500);
  expect(highlightMs(10, 50)).toBe(275);
  expect(highlightMs(2, 100)).toBe(0);
});
