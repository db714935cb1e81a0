/** The page in a real browser, served by the real server. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { TestServer } from "../../../crates/engine-wasm/npm/test/browser/server.js";
import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { look, type Reading, type Sight, startBrowser, visit } from "./browser.js";
import { ARTIFACTS, checkPrerequisites } from "./prerequisites.js";

/** A session that breaks about once a second. */
const BRISK = { tick_ms: 100, rules: { break_interval: { min: 6, max: 14 } } };

let browser: Browser;
let server: TestServer;

beforeAll(async () => {
  checkPrerequisites();
  browser = await startBrowser();
});

afterAll(() => browser?.close());

beforeEach(async () => {
  server = new TestServer();
  await server.start();
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await server.remove();
});

test("four players compute the same as the server, breaks included", async () => {
  const { id } = await server.create(BRISK);
  const { page, complaints } = await visit(browser, `${server.address}/?session=${id}`);
  const breaks = new Set<number>();
  await until(
    "three breaks and three comparisons by the page itself",
    async () => {
      const sight = await look(page);
      const seen = expectSameForAll(sight);
      if (seen !== undefined) {
        expect(await server.stateAt(id, seen.instant)).toEqual(seen.state);
        if (seen.state.broken) {
          expectBreakShown(sight);
          breaks.add(seen.state.round);
        }
      }
      return breaks.size >= 3 && sight.verdict.checks >= 3;
    },
    20_000,
  );
  const { server: answer, verdict } = await look(page);
  expect(answer?.state).toEqual(await server.stateAt(id, answer?.instant ?? 0));
  expect(verdict).toMatchObject({ same: 4, players: 4, differences: 0, role: null });
  expect(verdict.words).toBe("4 of 4 players computed the same as the server");
  expect(complaints).toEqual([]);
});

test("the counters stay correct without the server, and the page notices when it is back", async () => {
  const { id } = await server.create(BRISK);
  const { page, complaints } = await visit(browser, `${server.address}/?session=${id}`);
  await until("a comparison after the start", async () => {
    const sight = await look(page);
    return sight.verdict.checks > 0 && (expectSameForAll(sight)?.state.step ?? 0) > 3;
  });
  await server.kill();
  await until("a notice about the silence", async () =>
    (await look(page)).notice.includes("The server has been unreachable since"),
  );
  const alone = await countedAlone(page, 20);
  const { checks } = (await look(page)).verdict;
  await server.start();
  await until("a notice about the return", async () =>
    (await look(page)).notice.includes("The server came back at"),
  );
  await until("more comparisons", async () => (await look(page)).verdict.checks > checks);
  expect((await look(page)).verdict).toMatchObject({ same: 4, players: 4, differences: 0 });
  for (const { instant, state } of alone) {
    expect(await server.stateAt(id, instant)).toEqual(state);
  }
  expect(complaints.filter((text) => !text.includes("net::ERR_"))).toEqual([]);
});

test("a guest who opens the link sees the same, and a stop freezes both pages on one step", async () => {
  const { page, complaints } = await visit(browser, server.address);
  await until("the countdown", async () => (await look(page)).players[0]?.unit === "until the start");
  const link = await page.inputValue("#link");
  const id = new URL(link).searchParams.get("session") ?? "";
  expect(page.url()).toBe(link);
  await page.click("#copy");
  await until("the link to be copied", async () => (await page.textContent("#copy")) === "Copied");
  const guest = await visit(browser, link, { viewport: { width: 360, height: 740 } });
  await expectRight(page, id);
  await expectRight(guest.page, id);
  expect(await overflow(guest.page)).toBe(0);
  await pictureOfABreak(page);

  await page.click("#stop");
  const [mine, theirs] = [await frozen(page), await frozen(guest.page)];
  expect(theirs.state).toEqual(mine.state);
  const { stopped_at } = await server.session(id);
  expect(mine.state).toEqual(await server.stateAt(id, Date.parse(stopped_at ?? "")));
  expect(mine.state).toEqual(await server.stateAt(id, mine.instant));
  expect([...complaints, ...guest.complaints]).toEqual([]);
});

test("where the server asks for tokens, only the tab that created a session stops it", async () => {
  const asking = new TestServer({ TICKSEED_ACCESS: "token" });
  await asking.start();
  try {
    const { page, complaints } = await visit(browser, asking.address);
    await until("the countdown", async () => (await look(page)).players[0]?.unit === "until the start");
    const link = await page.inputValue("#link");
    const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
    expect(kept).toMatch(/tst_[0-9a-f]{32}/);
    expect(link + page.url() + (await page.content())).not.toContain("tst_");

    const guest = await visit(browser, link);
    await until("the guest's button", () => guest.page.isEnabled("#stop"));
    await guest.page.click("#stop");
    await until("the refusal", async () =>
      (await look(guest.page)).notice.includes("only the tab that created a session changes it"),
    );
    expect(await guest.page.evaluate(() => sessionStorage.length)).toBe(0);
    await page.reload();
    await until("the host's button", () => page.isEnabled("#stop"));
    await page.click("#stop");
    const [mine, theirs] = [await frozen(page), await frozen(guest.page)];
    expect(theirs.state).toEqual(mine.state);
    expect(complaints).toEqual([]);
  } finally {
    await asking.remove();
  }
});

test("a difference raises an alert", async () => {
  const { id } = await server.create(BRISK);
  const { page } = await visit(browser, `${server.address}/?session=${id}`, {}, (opened) =>
    opened.route("**/state", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), round: 77 } });
    }),
  );
  const { verdict } = await until("a difference", async () => {
    const sight = await look(page);
    return sight.verdict.differences > 0 && sight;
  });
  expect(verdict).toMatchObject({ same: 0, role: "alert" });
  expect(verdict.words).toBe("Only 0 of 4 players computed the same as the server");
});

test.each([
  ["#pause", 0],
  ["#pause", 1_000],
  ["[data-tick='50']", 0],
])("the button %s leaves a plan for later alone, with a notice of %i ms", async (button, notice_ms) => {
  const pausesAt = new Date(Date.now() + 600_000).toISOString();
  const schedule = [{ at: pausesAt, paused: true as const }];
  const { id } = await server.create({ ...BRISK, notice_ms, schedule });
  const { page } = await visit(browser, `${server.address}/?session=${id}`);
  await until("the button", () => page.isEnabled(button));
  expect(await page.textContent("#pause")).toBe("Pause");
  await page.click(button);
  const { notice } = await until("the refusal", async () => {
    const sight = await look(page);
    return sight.notice.startsWith("Nothing has changed") && sight;
  });
  expect(notice).toContain("a plan for later");
  expect((await server.session(id)).schedule).toEqual(schedule);
});

test("a session can be paused, and resumed with other ticks", async () => {
  const { id } = await server.create(BRISK);
  const { page, complaints } = await visit(browser, `${server.address}/?session=${id}`);
  const isNoticed = (words: string) => async () => (await look(page)).notice.includes(words);
  await until("the buttons", () => page.isEnabled("#pause"));
  await page.click("#pause");
  await until("the pause to come", isNoticed("Pauses for everyone at"));
  await until("the other button", async () => (await page.textContent("#pause")) === "Resume");
  await until("the pause", isNoticed("Paused for everyone"));
  await page.click("[data-tick='250']");
  await until("the resumption to come", isNoticed("Resumes at"));
  await until("the other button again", async () => (await page.textContent("#pause")) === "Pause");
  await until("running", isNoticed("Running."));
  const { schedule } = await server.session(id);
  expect(schedule?.at(0)).toMatchObject({ paused: true });
  expect(schedule?.at(-1)).toMatchObject({ tick_ms: 250 });
  const { verdict } = await look(page);
  expect(verdict).toMatchObject({ same: 4, differences: 0 });
  expect(complaints).toEqual([]);
});

test("frames without news leave the controls and their attributes alone", async () => {
  const { id } = await server.create(BRISK);
  const { page } = await visit(browser, `${server.address}/?session=${id}`);
  await until("a comparison", async () => (await look(page)).verdict.checks > 0);
  await until("the buttons", () => page.isEnabled("#pause"));
  const touched = await page.evaluate(async () => {
    const records: string[] = [];
    const observer = new MutationObserver((seen) =>
      records.push(...seen.map(({ target, attributeName }) => `${(target as Element).id} ${attributeName}`)),
    );
    for (const selector of ["header", "#pace", "#legend-settled", "#verdict-words"]) {
      observer.observe(document.querySelector(selector) as Element, { attributes: true, subtree: true });
    }
    for (let frame = 0; frame < 10; frame += 1) {
      await new Promise(requestAnimationFrame);
    }
    observer.disconnect();
    return records;
  });
  expect(touched).toEqual([]);
});

test("an answer that was on its way during a click does not hide the change", async () => {
  const { id } = await server.create(BRISK);
  const held: (() => Promise<void>)[] = [];
  let holds = false;
  const { page } = await visit(browser, `${server.address}/?session=${id}`, {}, (opened) =>
    opened.route(`**/v1/sessions/${id}`, async (route) => {
      const response = await route.fetch();
      const release = (): Promise<void> => route.fulfill({ response });
      if (!holds) {
        return release();
      }
      holds = false;
      held.push(release);
    }),
  );
  await until("the button", () => page.isEnabled("#pause"));
  holds = true;
  await until("an answer that is on its way", () => held.length > 0);
  await page.click("#pause");
  await until("the pause to come", async () => (await look(page)).notice.includes("Pauses for everyone"));
  await held[0]?.();
  await until("the pause", async () => {
    const { notice } = await look(page);
    expect(notice).toMatch(/^Pause[sd] for everyone/);
    return notice.startsWith("Paused");
  });
});

test.each([
  ["requires", { requires: ["teams"] }, /^This session cannot be shown: the session requires "teams"/],
  ["engine_version", { engine_version: 2 }, /^This session cannot be shown: .*engine/],
  [
    "schedule",
    { schedule: [{ at: "1970-01-01T00:00:00.000Z", paused: true }] },
    /schedule\[0\]\.at must be after/,
  ],
] as const)("a session whose %s the page stops understanding is not shown", async (_what, change, reason) => {
  const { id } = await server.create(BRISK);
  let isStrange = false;
  const { page, complaints } = await visit(browser, `${server.address}/?session=${id}`, {}, (opened) =>
    opened.route(`**/v1/sessions/${id}`, async (route) => {
      const response = await route.fetch();
      const json = await response.json();
      await route.fulfill({ response, json: isStrange ? { ...json, ...change } : json });
    }),
  );
  await until("a comparison", async () => (await look(page)).verdict.checks > 0);
  isStrange = true;
  const { notice } = await until("the end", async () => {
    const sight = await look(page);
    expect(sight.notice).not.toMatch(/unreachable|came back/);
    return sight.players.length === 0 && sight;
  });
  expect(notice).toMatch(reason);
  expect(await page.isVisible("#score")).toBe(false);
  await page.click("#renew");
  await until("another session", async () => expectSameForAll(await look(page)));
  expect(complaints).toEqual([]);
});

test("an unknown session is reported, and a new one can be created", async () => {
  const unknown = "sess_00000000-0000-4000-8000-000000000000";
  for (const name of [unknown, "nonsense"]) {
    const { page } = await visit(browser, `${server.address}/?session=${name}`);
    await until("a notice about it", async () =>
      (await look(page)).notice.includes("no session with this id"),
    );
    expect(await page.isVisible("#link"), "there is no link to share yet").toBe(false);
    await page.click("#renew");
    await until("counters", async () => expectSameForAll(await look(page)));
    expect(await page.isVisible("#link")).toBe(true);
    expect(page.url()).not.toContain(name);
  }
});

test("an engine that does not load is reported", async () => {
  const { page } = await visit(browser, server.address, {}, async (opened) => {
    await opened.route("**/*.wasm", (route) => route.abort());
    // The copy that takes the place of that file.
    await opened.route("**/inline-*.js", (route) => route.abort());
  });
  const { notice } = await until("a notice about it", async () => {
    const sight = await look(page);
    return sight.notice.includes("cannot be computed") && sight;
  });
  expect(notice).toContain("the engine (WebAssembly) did not load");
});

/** Expects all four players to show the same, and returns it once there is something to see. */
function expectSameForAll({ players }: Sight): Reading | undefined {
  const [first] = players;
  if (first === undefined) {
    return undefined;
  }
  expect(players.map(({ player }) => player)).toEqual(["anna", "ben", "chloe", "dev"]);
  for (const { instant, state } of players) {
    expect({ instant, state }).toEqual({ instant: first.instant, state: first.state });
  }
  return first;
}

function expectBreakShown({ players }: Sight): void {
  for (const { state, unit, isHighlighted } of players) {
    expect(state.value).toBe(0);
    expect(unit).toMatch(/^break after \d+$/);
    expect(isHighlighted).toBe(true);
  }
}

/** Records what the players show without the server, until they have counted that many ticks. */
async function countedAlone(page: Page, ticks: number): Promise<readonly Reading[]> {
  const seen: Reading[] = [];
  await until("ticks without the server", async () => {
    const sight = await look(page);
    const reading = expectSameForAll(sight);
    if (reading !== undefined) {
      seen.push(reading);
    }
    expect(sight.notice).toContain("The counters keep running: they need nothing from it.");
    return (seen.at(-1)?.state.step ?? 0) - (seen[0]?.state.step ?? 0) >= ticks;
  });
  expect((await look(page)).verdict.words).toBe("4 of 4 players still agree with each other");
  return seen;
}

/** Expects a page, after the start, to show what the server computes for the same instant. */
async function expectRight(page: Page, id: string): Promise<void> {
  const seen = await until("a running counter", async () => {
    const reading = expectSameForAll(await look(page));
    return reading !== undefined && reading.state.step > 0 && reading;
  });
  expect(seen.state).toEqual(await server.stateAt(id, seen.instant));
}

/** Returns what a page shows after the stop, when its clock runs on but its counters do not. */
async function frozen(page: Page): Promise<Reading> {
  await until("the stop", async () => (await look(page)).notice.includes("Stopped for everyone"));
  const first = expectSameForAll(await look(page));
  return until("some time after the stop", async () => {
    const later = expectSameForAll(await look(page));
    expect(later?.state).toEqual(first?.state);
    return later !== undefined && later.instant > (first?.instant ?? 0) + 300 && later;
  });
}

async function pictureOfABreak(page: Page): Promise<void> {
  await until(
    "a second break",
    async () => {
      const reading = expectSameForAll(await look(page));
      return (reading?.isHighlighted ?? false) && (reading?.state.round ?? 0) > 1;
    },
    25_000,
  );
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTIFACTS, "web-demo.png") });
}

/** Returns by how many pixels the page is wider than its window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
