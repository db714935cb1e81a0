import { loadEngine, Timeline } from "tickseed";
import { beforeAll, describe, expect, test } from "vitest";

import { agreeing, compare } from "../../src/agreement.js";
import { CHARACTERS, type Handout, Player } from "../../src/players.js";
import { situation } from "../../src/situation.js";

const START = Date.parse("2026-11-23T12:00:03.000Z");
/** The page was opened three seconds before the start, by a correct clock. */
const ORIGIN_MS = START - 3_000;
const HANDOUT: Handout = {
  session: {
    id: "sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21",
    seed: "550e8400-e29b-41d4-a716-446655440000",
    start_at: "2026-11-23T12:00:03.000Z",
    tick_ms: 100,
    rules: { break_interval: { min: 5, max: 9 }, rounds_per_epoch: 4 },
    engine_version: 1,
    revision: 1,
  },
  exchange: {
    askedUs: ORIGIN_MS * 1_000,
    receivedUs: ORIGIN_MS * 1_000 + 400,
    sentUs: ORIGIN_MS * 1_000 + 400,
    answeredUs: ORIGIN_MS * 1_000 + 800,
  },
};

beforeAll(() => loadEngine());

function everybody(): readonly Player[] {
  return CHARACTERS.map((character) => new Player(character, HANDOUT, ORIGIN_MS, 0));
}

describe("players", () => {
  test("see the same state at every moment, whatever their situation", () => {
    const players = everybody();
    const timeline = new Timeline(HANDOUT.session);
    for (let passedUs = 0; passedUs < 60_000_000; passedUs += 16_683) {
      const monotonicMs = passedUs / 1_000;
      const instant = ORIGIN_MS + Math.floor(monotonicMs);
      for (const player of players) {
        player.rejoinIfDue(monotonicMs);
        expect(player.see(monotonicMs)).toMatchObject({ ...timeline.stateAt(instant), instant });
      }
    }
  });

  test("freeze at the stop", () => {
    const players = everybody();
    const stopped = { ...HANDOUT, session: { ...HANDOUT.session, stopped_at: "2026-11-23T12:00:05.050Z" } };
    for (const player of players) {
      player.hear(stopped);
      expect(player.see(60_000).step).toBe(20);
      expect(player.see(5_049).step).toBe(20);
      expect(player.see(4_999).step).toBe(19);
    }
  });

  test("pause, and go on in the middle of the tick", () => {
    const schedule = [
      { at: "2026-11-23T12:00:05.050Z", paused: true as const },
      { at: "2026-11-23T12:00:06.000Z", tick_ms: 100 },
    ];
    for (const player of everybody()) {
      player.hear({ ...HANDOUT, session: { ...HANDOUT.session, schedule } });
      expect([5_050, 5_999, 6_049, 6_050].map((ms) => player.see(ms).step)).toEqual([20, 20, 20, 21]);
    }
  });

  test("know the time until the start", () => {
    const [anna] = everybody();
    expect(anna?.see(1_000)).toMatchObject({ startsInMs: 2_000, step: 0, value: 0, broken: false });
    expect(anna?.see(3_000)).toMatchObject({ startsInMs: 0, step: 0, value: 1 });
  });

  test("know the last break", () => {
    const [anna] = everybody();
    const { interval, nextBreak } = new Timeline(HANDOUT.session).roundAt(0);
    const breaksAt = 3_000 + nextBreak * 100;
    expect(anna?.see(breaksAt - 1).lastBreak).toBeUndefined();
    expect(anna?.see(breaksAt + 30)).toMatchObject({
      broken: true,
      lastBreak: { ageMs: 30, after: interval },
    });
  });

  test("describe their situation", () => {
    const [anna, ben, chloe, dev] = everybody() as [Player, Player, Player, Player];
    const described = (player: Player): string =>
      situation(player, player.see(25_500), { stoppedAt: undefined, hasChanged: false });
    expect(described(ben)).toBe("About to leave and rejoin late");
    ben.rejoinIfDue(20_000);
    expect(described(anna)).toBe("Joined before the start");
    expect(described(ben)).toBe("Joined late, 5 s ago, at step 170");
    expect(described(chloe)).toBe("Joined 25 s ago, offline ever since");
    expect(described(dev)).toMatch(/^Phone shows \d\d:\d\d:\d\d, 3 h off\. Corrected once, from \/v1\/time$/);
    const heard = (stoppedAt: number | undefined): string =>
      situation(chloe, chloe.see(25_500), { stoppedAt, hasChanged: true });
    expect(heard(undefined)).toBe("Was offline, online again for each change");
    expect(heard(START)).toBe("Was offline, back online for the stop");
    expect(dev.see(25_500).deviceMs).toBe(ORIGIN_MS + 25_500 + 3 * 60 * 60 * 1_000);
  });
});

test("a comparison shows which player differs", () => {
  const state = { step: 7, value: 8, round: 0, broken: false };
  const agreement = compare(state, START, [
    { name: "Anna", stateAt: () => ({ ...state }) },
    { name: "Ben", stateAt: () => ({ ...state, round: 1 }) },
  ]);
  expect(agreeing(agreement)).toBe(1);
  expect(agreement.players.map(({ agrees }) => agrees)).toEqual([true, false]);
});
