/** The comparison can fail: planted faults, a server that is gone, and a server that contradicts. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { look, untilVerdict, visit } from "./browser.js";
import { begun, stage } from "./stage.js";

const on = stage();
/** A tick that is longer than the errors of all clocks, also on a busy machine. */
const LONG_TICK_MS = 500;

test.each(["seed", "clock", "rules"])(
  "a fault in the %s turns the verdict red within five seconds, and names the culprit",
  async (fault) => {
    const { id } = await on.server.create(begun(LONG_TICK_MS));
    const { page, complaints } = await visit(
      on.browser,
      `${on.server.address}/?session=${id}&fault=${fault}`,
    );
    await until("all players", async () => (await look(page)).cards.every(({ step }) => step > 0));
    const { verdict } = await untilVerdict(page, "disagree", 5_000);
    expect(verdict.role).toBe("alert");
    await until("the culprit", async () => {
      const { cards, verdict: now } = await look(page);
      return (
        /^Dev has been wrong since \d\d:\d\d:\d\d$/.test(now.words) &&
        cards.every(({ player, isWrong }) => isWrong === (player === "dev"))
      );
    });
    await until("the server's word", async () => (await look(page)).verdict.serverComparisons > 0);
    expect(complaints).toEqual([]);
  },
);

test("of two players, the server says who is wrong, and a player that is right again is no longer named", async () => {
  const { id } = await on.server.create(begun(LONG_TICK_MS));
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}&fault=seed&players=2`);
  await until("the culprit", async () =>
    (await look(page)).verdict.words.startsWith("Ben has been wrong since"),
  );
  await page.click("#fewer");
  const { verdict } = await untilVerdict(page, "agree");
  expect(verdict.words).toBe("The player is in step with the server");
});

test("a fault in the only player is found by the server", async () => {
  const { id } = await on.server.create(begun(LONG_TICK_MS));
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}&fault=clock&players=1`);
  await untilVerdict(page, "disagree", 6_000);
  expect((await look(page)).verdict.words).toMatch(/^Anna has been wrong since/);
});

test("while the server is gone, the page says that it does not know, and the players count on", async () => {
  const { id } = await on.server.create(begun(LONG_TICK_MS));
  const { page, complaints } = await visit(on.browser, `${on.server.address}/?session=${id}`);
  await untilVerdict(page, "agree");
  await on.server.kill();
  const { verdict, cards } = await untilVerdict(page, "unknown");
  expect(verdict.words).toBe("Not known: the server does not answer");
  const before = cards[0]?.step ?? 0;
  await until("steps without the server", async () => {
    const sight = await look(page);
    const steps = sight.cards.map(({ step }) => step);
    expect(sight.verdict).toMatchObject({ kind: "unknown", differences: 0 });
    return Math.min(...steps) > before + 4;
  });
  await page.click("#ask");
  await until("a question without an answer", async () => page.isEnabled("#ask"));
  expect((await look(page)).verdict.kind).toBe("unknown");
  await on.server.start();
  await until(
    "agreement",
    async () => {
      await page.mouse.move(Math.random() * 100, 100);
      return (await look(page)).verdict.kind === "agree";
    },
    20_000,
  );
  expect(complaints.filter((text) => !text.includes("net::ERR_"))).toEqual([]);
});

test("a server that contradicts everybody is not hushed up", async () => {
  const { id } = await on.server.create(begun(LONG_TICK_MS));
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}`, {}, (opened) =>
    opened.route("**/state?at=*", async (route) => {
      const response = await route.fetch();
      const state = JSON.parse(await response.text());
      await route.fulfill({ response, json: { ...state, round: 77 } });
    }),
  );
  const { cards } = await untilVerdict(page, "disagree");
  expect(cards.length).toBe(4);
  await until("everybody named", async () => (await look(page)).cards.every(({ isWrong }) => isWrong));
  await page.unrouteAll({ behavior: "wait" });
});

test("the page asks only while somebody is there, and whenever it is told to", async () => {
  const { id } = await on.server.create(begun(LONG_TICK_MS));
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}`);
  const { verdict } = await untilVerdict(page, "agree");
  await page.click("#ask");
  await until("another answer", async () => (await look(page)).verdict.questions > verdict.questions);
  expect(await page.textContent(".asking-words")).toContain("Asks every 10 s while you are here.");
});

test("a hidden page asks nothing, even while its verdict is in doubt, and asks again once it is seen", async () => {
  const { id } = await on.server.create(begun(LONG_TICK_MS));
  const { page, requests } = await visit(on.browser, `${on.server.address}/?session=${id}&fault=seed`);
  await untilVerdict(page, "disagree");
  await show(page, "hidden");
  await until("the answer under way", () => page.isEnabled("#ask"));
  const { questions } = (await look(page)).verdict;
  const before = requests.length;
  // Twice the pause between two questions.
  await page.waitForTimeout(6_500);
  const { verdict } = await look(page);
  expect(verdict).toMatchObject({ kind: "disagree", questions });
  expect(requests.slice(before).filter((address) => address.includes("/state"))).toEqual([]);
  expect(await page.textContent(".asking-words")).toContain("Paused: nobody is watching.");
  await show(page, "visible");
  await until("a question", async () => (await look(page)).verdict.questions > questions);
  expect(await page.textContent(".asking-words")).toContain("while you are here");
});

/** Lets the page believe that it is hidden or seen: without a window, a browser does not tell it so. */
function show(page: Page, state: "hidden" | "visible"): Promise<void> {
  return page.evaluate((visibilityState) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, value: visibilityState });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}
