/** What a visitor sees who touches little: players in step with the server, whatever is wrong with their devices. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { button, look, untilVerdict, visit } from "./browser.js";
import type { Card } from "./sight.js";
import { begun, stage } from "./stage.js";

const on = stage();

test("a first visitor sees four players in step at once, and the server says the same", async () => {
  const { page, complaints, requests } = await visit(on.browser, on.server.address);
  const sight = await untilVerdict(page, "agree");
  const id = new URL(page.url()).searchParams.get("session") ?? "";
  expect(sight.cards.map(({ player }) => player)).toEqual(["anna", "ben", "chloe", "dev"]);
  expect(sight.verdict).toMatchObject({ words: "All 4 players are in step", role: "status" });
  expect(await page.textContent("h1")).toBe("Four players. Nothing is sent.");
  for (let looks = 0; looks < 5; looks += 1) {
    const { cards } = await look(page);
    await Promise.all(cards.map((card) => expectRight(id, card)));
  }
  expect((await look(page)).verdict).toMatchObject({ kind: "agree", differences: 0 });
  expect(requests.filter((address) => !address.startsWith(on.server.address))).toEqual([]);
  expect(complaints).toEqual([]);
});

test("a clock that is 12 hours off, a sleep, and ten seconds without a network do not matter", async () => {
  const { id } = await on.server.create(begun());
  const { page, complaints } = await visit(on.browser, `${on.server.address}/?session=${id}`);
  await untilVerdict(page, "agree");
  await page.waitForFunction(
    () => document.querySelectorAll('[data-player][data-broken="true"]').length === 4,
  );
  await button(page, "anna", "clock").click();
  await button(page, "ben", "unplug").click();
  await button(page, "dev", "sleep").click();
  const unplugged = await cardOf(page, "ben");
  const asleep = await cardOf(page, "dev");
  const began = performance.now();
  await until(
    "ten seconds in step",
    async () => {
      const { cards, verdict } = await look(page);
      expect(verdict).toMatchObject({ kind: "agree", differences: 0 });
      await Promise.all(cards.filter(({ badge }) => badge !== "asleep").map((card) => expectRight(id, card)));
      return performance.now() - began > 10_000;
    },
    15_000,
  );
  expect((await cardOf(page, "ben")).requests, "no request leaves").toBe(unplugged.requests);
  await until("the sleeper to be back in step", async () => {
    const { step, errorMs } = await cardOf(page, "dev");
    return step - asleep.step > 90 && errorMs < 100;
  });
  await button(page, "ben", "unplug").click();
  await until("a request", async () => (await cardOf(page, "ben")).requests > unplugged.requests);
  expect((await look(page)).verdict).toMatchObject({ kind: "agree", differences: 0 });
  expect(complaints.filter((text) => !text.includes("net::ERR_"))).toEqual([]);
});

test("a player that begins again is right within a second or two, and every knob bends something", async () => {
  const { id } = await on.server.create(begun());
  const { page, complaints } = await visit(on.browser, `${on.server.address}/?session=${id}&players=2`);
  await untilVerdict(page, "agree");
  await page.locator('[data-player="anna"] summary').click();
  for (const [name, value] of [
    ["aheadMs", -43_200_000],
    ["driftPpm", 400],
    ["upMs", 120],
    ["downMs", 40],
    ["jitterMs", 30],
    ["lossPercent", 20],
  ] as const) {
    await page.locator(`[data-player="anna"] input[name="${name}"]`).fill(String(value));
  }
  expect(await page.textContent('[data-player="anna"] .card-facts')).toContain("12 h behind");
  await button(page, "anna", "reload").click();
  const { joinedMs } = await until("the player to join", async () => {
    const card = await cardOf(page, "anna");
    return card.joinedMs > 160 && card.errorMs > 60 && card;
  });
  expect(joinedMs, "a request and an answer take as long as they are delayed").toBeGreaterThan(160);
  await expectRight(id, await cardOf(page, "anna"));
  await page.click("#more");
  await until("a third player", async () => (await look(page)).cards.length === 3);
  await page.click("#fewer");
  await until("two players", async () => (await look(page)).cards.length === 2);
  expect((await look(page)).verdict.differences).toBe(0);
  expect(complaints).toEqual([]);
});

test("the costs never go down, whoever leaves or begins again", async () => {
  const { id } = await on.server.create(begun());
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}`);
  await untilVerdict(page, "agree");
  let before = await costs(page);
  const expectNoLess = async (what: string): Promise<void> => {
    const after = await costs(page);
    for (const [index, figure] of after.entries()) {
      expect(figure, `${what}: ${after} after ${before}`).toBeGreaterThanOrEqual(before[index] ?? 0);
    }
    before = after;
  };
  for (const player of ["chloe", "anna", "chloe"]) {
    await button(page, player, "reload").click();
    await until("the next figures", async () => (await costs(page)).join() !== before.join());
    await expectNoLess(`${player} reloads`);
  }
  for (let left = 3; left >= 1; left -= 1) {
    await page.click("#fewer");
    await until("the player to leave", async () => (await look(page)).cards.length === left);
    await expectNoLess(`${left} are left`);
  }
  await page.click("#more");
  await until("another player", async () => (await look(page)).cards.length === 2);
  await expectNoLess("one joins");
  await until("a break or two", async () => {
    await expectNoLess("time passes");
    return (await look(page)).cards.some(({ isBroken }) => isBroken);
  });
});

/** Returns the requests that all players have sent and the messages of streaming, as the page shows them. */
async function costs(page: Page): Promise<readonly number[]> {
  const cells = await page.locator(".costs tbody tr:first-child td").allTextContents();
  return cells.map((text) => Number(text.replaceAll(",", "").match(/^\d+/)?.[0]));
}

/** Expects a card to show what the server computes for a moment within the player's error. */
async function expectRight(id: string, { player, step, value, round, now, errorMs }: Card): Promise<void> {
  if (Number.isNaN(step)) {
    return;
  }
  const earliest = await on.server.stateAt(id, now - errorMs - 1);
  const latest = await on.server.stateAt(id, now + errorMs + 1);
  expect(step, player).toBeGreaterThanOrEqual(earliest.step);
  expect(step, player).toBeLessThanOrEqual(latest.step);
  const same = [earliest, latest].find((state) => state.step === step);
  if (same !== undefined) {
    expect({ value, round }, player).toEqual({ value: same.value, round: same.round });
  }
}

async function cardOf(page: Page, player: string): Promise<Card> {
  const card = (await look(page)).cards.find((one) => one.player === player);
  if (card === undefined) {
    throw new Error(`there is no player ${player}`);
  }
  return card;
}
