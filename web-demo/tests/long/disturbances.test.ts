/** Eight players whose devices and networks are disturbed at random, and twenty faults of a single tick. scripts/test-page runs it. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { look, untilVerdict, visit } from "../browser/browser.js";
import type { Sight } from "../browser/sight.js";
import { begun, stage } from "../browser/stage.js";

const on = stage();
const SECONDS = Number(process.env.TICKSEED_PAGE_SECONDS ?? 600);
const FAULTS = Number(process.env.TICKSEED_PAGE_FAULTS ?? 20);
const EVERY_MS = 700;
/** Half a tick, without what browsers round. */
const TELLS_BELOW_MS = 46;
const PLAYERS = ["anna", "ben", "chloe", "dev", "emma", "finn", "grace", "hugo"];

/** What a disturbance sets, and between which values. */
const KNOBS = {
  aheadMs: [-43_200_000, 43_200_000, 60_000],
  driftPpm: [-400, 400, 50],
  upMs: [0, 300, 10],
  downMs: [0, 300, 10],
  jitterMs: [0, 150, 10],
  lossPercent: [0, 25, 5],
} as const;
const ACTIONS = ["unplug", "clock", "sleep", "reload"];

test(
  `${SECONDS} s of disturbances without a difference`,
  async () => {
    const { id } = await on.server.create(begun());
    const { page } = await visit(on.browser, `${on.server.address}/?session=${id}&players=8`);
    await untilVerdict(page, "agree", 30_000);
    const began = performance.now();
    const recent: string[] = [];
    let disturbances = 0;
    while (performance.now() - began < SECONDS * 1_000) {
      recent.push(await disturb(page));
      disturbances += 1;
      await page.mouse.move(disturbances % 100, 20);
      await page.waitForTimeout(EVERY_MS);
      const { verdict, cards } = await look(page);
      const seen = () => JSON.stringify({ verdict, cards, recent: recent.slice(-12) }, null, 1);
      expect(verdict, verdict.differences === 0 ? "" : seen()).toMatchObject({
        differences: 0,
      });
    }
    const { verdict } = await look(page);
    const { comparisons, serverComparisons, differences } = verdict;
    process.stdout.write(
      `${disturbances} disturbances in ${SECONDS} s: ${comparisons} comparisons among 8 players, ` +
        `${serverComparisons} with the server, ${differences} differences\n`,
    );
    expect(comparisons).toBeGreaterThan(SECONDS * 40);
    expect(serverComparisons).toBeGreaterThan(SECONDS / 5);
  },
  SECONDS * 1_000 + 120_000,
);

test(
  `${FAULTS} planted faults of one tick, all of them seen`,
  async () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < FAULTS; attempt += 1) {
      const { id } = await on.server.create(begun());
      const { page } = await visit(on.browser, `${on.server.address}/?session=${id}&fault=clock`);
      await until(
        "players that know the time well enough to tell a tick",
        async () => isExact(await look(page)),
        60_000,
      );
      const joined = performance.now();
      await until(
        "the culprit",
        async () => {
          const { verdict, cards } = await look(page);
          return (
            verdict.kind === "disagree" &&
            cards.every(({ player, isWrong }) => isWrong === (player === "dev"))
          );
        },
        5_000,
      );
      waits.push(Math.round(performance.now() - joined));
      await page.context().close();
    }
    process.stdout.write(
      `${waits.length} of ${FAULTS} faults of one tick seen and attributed, the slowest ${Math.max(...waits)} ms after three players knew the time well enough\n`,
    );
  },
  FAULTS * 40_000 + 60_000,
);

/** Returns whether Dev and two others know the time so well that a single tick lies outside of their errors. */
function isExact({ cards }: Sight): boolean {
  const errors = cards.filter(({ player }) => player !== "dev").map(({ errorMs }) => errorMs);
  const [, second = Number.NaN] = errors.sort((one, other) => one - other);
  return (cards.find(({ player }) => player === "dev")?.errorMs ?? Number.NaN) + second < TELLS_BELOW_MS;
}

/** Disturbs a random player. */
async function disturb(page: Page): Promise<string> {
  const player = PLAYERS[Math.floor(Math.random() * PLAYERS.length)] ?? "anna";
  if (Math.random() < 0.5) {
    const action = ACTIONS[Math.floor(Math.random() * ACTIONS.length)] ?? "unplug";
    await page.evaluate(
      ([who, what]) =>
        document.querySelector<HTMLElement>(`[data-player="${who}"] [data-action="${what}"]`)?.click(),
      [player, action],
    );
    return `${player} ${action}`;
  }
  const names = Object.keys(KNOBS) as (keyof typeof KNOBS)[];
  const name = names[Math.floor(Math.random() * names.length)] ?? "upMs";
  const [min, max, step] = KNOBS[name];
  const value = Math.round((min + Math.random() * (max - min)) / step) * step;
  await page.evaluate(
    ([who, knob, to]) => {
      const input = document.querySelector<HTMLInputElement>(`[data-player="${who}"] input[name="${knob}"]`);
      if (input) {
        input.value = String(to);
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }
    },
    [player, name, value] as const,
  );
  return `${player} ${name} ${value}`;
}
