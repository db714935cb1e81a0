/** Changes for everybody: a stop, a pause, other rates, a new session, and who may make them. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { TestServer } from "../../../crates/engine-wasm/npm/test/browser/server.js";
import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { button, look, untilVerdict, visit } from "./browser.js";
import { begun, stage } from "./stage.js";

const on = stage();

test("a pause and a stop three seconds ahead take effect on one step on every card, and for a guest too", async () => {
  const { id } = await on.server.create(begun());
  const address = `${on.server.address}/?session=${id}`;
  const { page, complaints } = await visit(on.browser, address);
  const guest = await visit(on.browser, `${address}&players=2`, { viewport: { width: 360, height: 740 } });
  await Promise.all([untilVerdict(page, "agree"), untilVerdict(guest.page, "agree")]);
  await page.click("#pause");
  await until("the announcement", async () => (await look(page)).host.startsWith("Pauses for everybody at"));
  const paused = await stillSteps(page, "paused");
  expect(new Set([...paused, ...(await stillSteps(guest.page, "paused"))]).size, "one step").toBe(1);
  expect((await on.server.session(id)).schedule?.at(0)).toMatchObject({ paused: true });
  expect(await page.textContent("#pause")).toBe("Resume");
  await page.check('input[name="lead"][value="0"]');
  await page.click('[data-rate="50"]');
  await until("running again", async () =>
    (await look(page)).cards.every(({ status }) => status === "running"),
  );
  await page.check('input[name="lead"][value="3000"]');
  await page.click("#stop");
  const stopped = await stillSteps(page, "stopped");
  const { stopped_at } = await on.server.session(id);
  const state = await on.server.stateAt(id, Date.parse(stopped_at ?? ""));
  expect([...new Set(stopped)]).toEqual([state.step]);
  expect((await look(page)).verdict.differences).toBe(0);
  expect([...complaints, ...guest.complaints]).toEqual([]);
});

test("a player without a network misses a pause, says so, and takes back its steps once it hears of it", async () => {
  const { id } = await on.server.create(begun());
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}`);
  await untilVerdict(page, "agree");
  await button(page, "ben", "unplug").click();
  await page.check('input[name="lead"][value="0"]');
  await page.click("#pause");
  const note = (player: string) => page.textContent(`[data-player="${player}"] .card-note`);
  await until("Ben's note", async () => (await note("ben"))?.includes("Cannot hear of the latest change"));
  await until("the others' pause", async () =>
    (await look(page)).cards
      .filter(({ player }) => player !== "ben")
      .every(({ status }) => status === "paused"),
  );
  await button(page, "ben", "unplug").click();
  await until("Ben's correction", async () => /took back \d+ steps?/.test((await note("ben")) ?? ""));
  expect(new Set(await stillSteps(page, "paused")).size).toBe(1);
  expect((await look(page)).verdict).toMatchObject({ kind: "agree", differences: 0 });
});

test("a session of one's own has its tick, rules and seed, and with a notice it is settled", async () => {
  const { page, complaints } = await visit(on.browser, on.server.address);
  const first = await untilId(page, "");
  await page.fill('input[name="tick"]', "50");
  await page.fill('input[name="min"]', "5");
  await page.fill('input[name="max"]', "9");
  await page.fill('input[name="seed"]', "new year's eve");
  await page.selectOption('select[name="notice"]', "5000");
  await page.click("#renew");
  const id = await untilId(page, first);
  expect(await on.server.session(id)).toMatchObject({
    seed: "new year's eve",
    tick_ms: 50,
    notice_ms: 5_000,
    rules: { break_interval: { min: 5, max: 9 } },
  });
  await until("settled players", async () =>
    (await page.locator(".card-facts").allTextContents()).every((text) =>
      text.includes("yes: nobody can change it"),
    ),
  );
  await untilVerdict(page, "agree");
  await page.click("#stop");
  await until("the announcement", async () => (await look(page)).host.startsWith("Stops for everybody at"));
  expect(complaints).toEqual([]);
});

test("where the server asks for tokens, only the tab that created a session changes it, and no link has the token", async () => {
  const asking = new TestServer({ TICKSEED_ACCESS: "token" });
  await asking.start();
  try {
    const { page, complaints } = await visit(on.browser, asking.address);
    await untilVerdict(page, "agree");
    const link = await page.inputValue("#link");
    const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
    expect(kept).toMatch(/tst_[0-9a-f]{32}/);
    expect(link + page.url() + (await page.content())).not.toContain("tst_");
    const guest = await visit(on.browser, link);
    await untilVerdict(guest.page, "agree");
    await guest.page.click("#stop");
    await until("the refusal", async () =>
      (await look(guest.page)).host.includes("Only the page that created a session can change it."),
    );
    expect(await guest.page.evaluate(() => sessionStorage.length)).toBe(0);
    await page.reload();
    await until("the host's button", () => page.isEnabled("#stop"));
    await page.click("#stop");
    expect(
      new Set([...(await stillSteps(page, "stopped")), ...(await stillSteps(guest.page, "stopped"))]).size,
    ).toBe(1);
    expect(complaints).toEqual([]);
  } finally {
    await asking.remove();
  }
});

test("a change that is planned for later is left alone, and the refusal says why", async () => {
  const schedule = [{ at: new Date(Date.now() + 600_000).toISOString(), paused: true as const }];
  const { id } = await on.server.create({ ...begun(), schedule });
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}`);
  await until("the button", () => page.isEnabled("#pause"));
  await page.click("#pause");
  await until("the refusal", async () =>
    (await look(page)).host.startsWith("Nothing has changed. A later change is already planned."),
  );
  expect((await on.server.session(id)).schedule).toEqual(schedule);
});

function untilId(page: Page, before: string): Promise<string> {
  return until("another session", () => {
    const id = new URL(page.url()).searchParams.get("session") ?? "";
    return id !== before && id;
  });
}

/** Returns the steps of all cards once they no longer move. */
async function stillSteps(page: Page, status: string): Promise<readonly number[]> {
  await until(`every card to be ${status}`, async () =>
    (await look(page)).cards.every((card) => card.status === status),
  );
  const { cards } = await look(page);
  await until("a while to pass", async () => {
    const later = await look(page);
    expect(later.cards.map(({ step }) => step)).toEqual(cards.map(({ step }) => step));
    return (later.cards[0]?.now ?? 0) > (cards[0]?.now ?? 0) + 300;
  });
  return cards.map(({ step }) => step);
}
