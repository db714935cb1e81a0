import { expect, test } from "vitest";

import { History, type Sight } from "../../src/verdict/history.js";
import { Judge } from "../../src/verdict/judge.js";

const TICK_MS = 100;

/** What a player shows at a step: a counter that breaks every 50 steps, unless it goes wrong. */
function sight(step: number, errorMs: number, wrong: Partial<Sight> = {}): Sight {
  const value = (step % 50) + 1;
  return { step, value, round: Math.floor(step / 50), broken: false, errorMs, version: "1", ...wrong };
}

interface Traits {
  /** How far its clock is ahead of the truth, and how far it says that it may be, in milliseconds. */
  readonly aheadMs?: number;
  readonly errorMs?: number;
  readonly wrong?: Partial<Sight>;
  /** How late it shows a step, in milliseconds, because its machine is busy. */
  readonly lateMs?: (step: number) => number;
}

/** Lets a player show all steps of a span of time. */
function play(
  judge: Judge,
  player: string,
  toMs: number,
  { aheadMs = 0, errorMs = 5, wrong, lateMs = () => 0 }: Traits = {},
): void {
  for (let step = 0; step * TICK_MS - aheadMs < toMs; step += 1) {
    const begins = step * TICK_MS - aheadMs;
    const late = lateMs(step);
    if (late < TICK_MS) {
      judge.see(player, sight(step, errorMs, wrong), begins + late, TICK_MS - late);
    }
  }
}

test("players within their errors agree, however late their machines show a step", () => {
  const judge = new Judge();
  play(judge, "anna", 3_000, { aheadMs: 4 });
  play(judge, "ben", 3_000, { aheadMs: -5, lateMs: (step) => (step * 37) % 90 });
  play(judge, "chloe", 3_000, { aheadMs: -180, errorMs: 200, lateMs: (step) => (step % 3 === 0 ? 200 : 0) });
  const { culprits, quarrel, compared, counts } = judge.decide(2_990);
  expect({ culprits, quarrel, compared, differences: counts.differences }).toEqual({
    culprits: [],
    quarrel: [],
    compared: 3,
    differences: 0,
  });
});

test.each([-100, 100])(
  "a clock that is one tick off (%i ms), and does not say so, is found and named",
  (aheadMs) => {
    const judge = new Judge();
    play(judge, "anna", 3_000);
    play(judge, "ben", 3_000);
    play(judge, "chloe", 3_000, { aheadMs });
    expect(judge.decide(2_950).culprits.map(({ player }) => player)).toEqual(["chloe"]);
  },
);

test("a clock that is one tick off, and says so, is not wrong", () => {
  const judge = new Judge();
  play(judge, "anna", 3_000);
  play(judge, "ben", 3_000);
  play(judge, "chloe", 3_000, { aheadMs: 100, errorMs: 101 });
  expect(judge.decide(2_950)).toMatchObject({ culprits: [], quarrel: [] });
});

test.each<Partial<Sight>>([{ value: 7 }, { round: 9 }, { broken: true }])(
  "another %o on the same step is wrong, and stays wrong since then",
  (wrong) => {
    const judge = new Judge();
    for (const player of ["anna", "ben"]) {
      play(judge, player, 3_000);
    }
    play(judge, "dev", 3_000, { wrong });
    const [first] = judge.decide(2_500).culprits;
    const [later] = judge.decide(2_950).culprits;
    expect(first).toMatchObject({ player: "dev", since: 2_500 });
    expect(later).toMatchObject({ player: "dev", since: 2_500 });
  },
);

test("of two players that differ, only the server can say who is wrong", () => {
  const judge = new Judge();
  play(judge, "anna", 3_000);
  play(judge, "ben", 3_000, { wrong: { round: 9 } });
  expect(judge.decide(2_000)).toMatchObject({ culprits: [], quarrel: ["anna", "ben"] });
  expect(judge.unaskedSince).toBe(2_000);
  judge.answered({ at: 2_450, sight: sight(24, 3) });
  expect(judge.decide(2_900)).toMatchObject({ culprits: [{ player: "ben" }], quarrel: [] });
  expect(judge.unaskedSince).toBeUndefined();
});

test("the server is right against a majority", () => {
  const judge = new Judge();
  play(judge, "anna", 3_000, { wrong: { round: 9 } });
  play(judge, "ben", 3_000, { wrong: { round: 9 } });
  play(judge, "chloe", 3_000);
  expect(judge.decide(2_000).culprits.map(({ player }) => player)).toEqual(["chloe"]);
  judge.answered({ at: 2_450, sight: sight(24, 3) });
  expect(judge.decide(2_900).culprits.map(({ player }) => player)).toEqual(["anna", "ben"]);
});

test("an answer about an instant finds a single step, before and after", () => {
  for (const aheadMs of [-100, 100]) {
    const judge = new Judge();
    play(judge, "anna", 3_000, { aheadMs });
    judge.answered({ at: 2_050, sight: sight(20, 10) });
    expect(judge.decide(2_900).culprits.map(({ player }) => player)).toEqual(["anna"]);
  }
});

test("players with different versions of the session are not compared, and one that has been put right is forgiven", () => {
  const judge = new Judge();
  play(judge, "anna", 3_000);
  play(judge, "ben", 3_000, { wrong: { version: "2", round: 5 } });
  expect(judge.decide(2_950)).toMatchObject({ culprits: [], quarrel: [], left: ["anna", "ben"] });
  const history = new History();
  const version = "2";
  history.add(sight(30, 5), 3_000, TICK_MS);
  expect(history.add(sight(28, 5, { version }), 3_050, undefined)).toBe(false);
  expect(history.compare(sight(28, 5, { version }), 3_200, 3_400)).toBe("same");
  expect(history.compare(sight(29, 5, { version }), 3_300, 3_400)).toBe("differs");
});

test("a counter that goes back further than its errors is wrong, and what it showed before still counts", () => {
  const judge = new Judge();
  play(judge, "anna", 3_000);
  judge.see("anna", sight(25, 5), 3_000, TICK_MS);
  judge.see("anna", sight(31, 5), 3_100, TICK_MS);
  const { culprits, counts } = judge.decide(3_150);
  expect(culprits.map(({ player }) => player)).toEqual(["anna"]);
  expect(counts.differences).toBe(1);
  judge.answered({ at: 2_450, sight: sight(24, 3, { value: 7 }) });
  expect(judge.decide(3_160).counts.withServer).toBe(1);
});

test("a counter that goes back within its errors is not wrong", () => {
  const judge = new Judge();
  play(judge, "anna", 3_000);
  judge.see("anna", sight(30, 5), 3_000, TICK_MS);
  judge.see("anna", sight(29, 5), 3_004, 4);
  judge.see("anna", sight(30, 5), 3_008, TICK_MS);
  play(judge, "ben", 3_000, { aheadMs: 300, errorMs: 310 });
  judge.see("ben", sight(30, 5), 3_000, TICK_MS);
  const { culprits, quarrel, counts } = judge.decide(3_090);
  expect({ culprits, quarrel, differences: counts.differences }).toEqual({
    culprits: [],
    quarrel: [],
    differences: 0,
  });
});

test("a player that sleeps, and one that does not know the time, are left out", () => {
  const judge = new Judge();
  play(judge, "anna", 9_000);
  play(judge, "ben", 3_000);
  play(judge, "chloe", 9_000, { aheadMs: 5_000, errorMs: 43_200_000 });
  const { compared, culprits, left } = judge.decide(8_950);
  expect({ compared, culprits, left }).toEqual({ compared: 0, culprits: [], left: ["anna", "chloe"] });
});
