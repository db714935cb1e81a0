/** The page in Chromium, Firefox and WebKit: what a visitor tries first, in each of them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Tab } from "../../../crates/engine-wasm/npm/test/browser/browsers.js";
import { TestServer } from "../../../crates/engine-wasm/npm/test/browser/server.js";
import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { checkPrerequisites } from "./prerequisites.js";
import { begun } from "./stage.js";
import { ALL_BROWSERS, click, look, opener, untilVerdict } from "./tabs.js";

const server = new TestServer();
/** Longer than the errors of all clocks, also on a busy machine. */
const TICK_MS = 400;

beforeAll(async () => {
  checkPrerequisites();
  await server.start();
});

afterAll(() => server.remove());

describe.each(ALL_BROWSERS)("in %s", (_name, start) => {
  const openAddress = opener(start);

  async function open(query: string): Promise<{ readonly tab: Tab; readonly id: string }> {
    const { id } = await server.create(begun(TICK_MS));
    return { tab: await openAddress(`${server.address}/?session=${id}${query}`), id };
  }

  test("a wrong clock, a pulled plug, a sleep and a reload leave everybody in step, and a stop comes on one step", async () => {
    const { tab, id } = await open("");
    await untilVerdict(tab, "agree");
    await click(tab, '[data-player="anna"] [data-action="clock"]');
    await click(tab, '[data-player="ben"] [data-action="unplug"]');
    await click(tab, '[data-player="chloe"] [data-action="reload"]');
    await click(tab, '[data-player="dev"] [data-action="sleep"]');
    const { cards: before } = await look(tab);
    await until(
      "ten seconds in step",
      async () => {
        const { cards, verdict } = await look(tab);
        expect(verdict.differences).toBe(0);
        return (cards[1]?.step ?? 0) > (before[1]?.step ?? 0) + 10_000 / TICK_MS;
      },
      20_000,
    );
    expect((await look(tab)).cards[1]?.badge).toBe("unplugged");
    await click(tab, '[data-player="ben"] [data-action="unplug"]');
    await click(tab, '[data-jump="year"]');
    await click(tab, "#ask-instant");
    await until("the server's word about next year", () =>
      tab.evaluate(
        () => document.querySelector<HTMLElement>(".readout-check")?.dataset.same === "true",
        undefined,
      ),
    );
    await until("the sleeper to wake", async () => (await look(tab)).cards[3]?.badge === "running", 20_000);
    await bendEverything(tab);
    await click(tab, ".qr summary");
    await until("the QR code", () =>
      tab.evaluate(() => document.querySelector(".qr svg path") !== null, undefined),
    );
    await click(tab, "#stop");
    await until(
      "the stop",
      async () => (await look(tab)).cards.every(({ status }) => status === "stopped"),
      20_000,
    );
    const { stopped_at } = await server.session(id);
    const { step } = await server.stateAt(id, Date.parse(stopped_at ?? ""));
    const { cards, verdict } = await look(tab);
    expect([...new Set(cards.map((card) => card.step))]).toEqual([step]);
    expect(verdict.differences).toBe(0);
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  test("a planted fault of one tick is found, and the culprit named", async () => {
    const { tab } = await open("&fault=clock");
    await untilVerdict(tab, "disagree");
    await until("the culprit", async () =>
      (await look(tab)).verdict.words.startsWith("Dev has been wrong since"),
    );
    await tab.close();
  });
});

/** Moves every slider of a player. */
function bendEverything(tab: Tab): Promise<void> {
  return tab.evaluate(() => {
    for (const input of document.querySelectorAll<HTMLInputElement>(
      '[data-player="anna"] input[type="range"]',
    )) {
      input.value = String(Number(input.value) + 2 * Number(input.step));
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }, undefined);
}
