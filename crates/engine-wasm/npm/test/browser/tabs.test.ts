/**
 * Six and twelve tabs of one browser over HTTP/1.1, which allows six connections to a server. They must keep the time as well as
 * one tab does. `scripts/test-tabs` runs this for five minutes.
 */
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { type Served, serve } from "../packaging/served.js";
import { TestServer } from "./server.js";
import { pass } from "./stage.js";
import { type SeenUntilNow, TabbedBrowser } from "./tabs.js";
import { until } from "./until.js";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const seconds = process.env.TICKSEED_TABS_SECONDS;
const isLong = seconds !== undefined;
/** How long each number of tabs is watched, in milliseconds. */
const WATCH_MS = Number(seconds ?? 3) * 1_000;
/** A single tab, to compare with, tells within a minute. */
const ONE_TAB_MS = Math.min(WATCH_MS, 60_000);
/** What other programs on the machine may add to the bound of the clock, in milliseconds. */
const TOLERANCE_MS = isLong ? 10 : 30;
/** How long a request for the time may take there, in milliseconds. One that waits behind a stream takes for ever. */
const SLOWEST_MS = isLong ? 10_000 : 2_500;
/** Opening the tabs takes time on a busy machine. */
const TIMEOUT_MS = 3 * WATCH_MS + 180_000;

const server = new TestServer();
const rows: string[] = [];
let site: Served;
let browser: TabbedBrowser;

beforeAll(async () => {
  site = await serve(PACKAGE, {});
  await server.start();
});

afterAll(async () => {
  process.stdout.write(`${[HEAD, ...rows].join("\n")}\n`);
  await server.remove();
  await site.stop();
});

const HEAD = `| browser | tabs | sessions | watched | streams | requests for the time: median, longest | bound of the clock: median, largest |
|---|---:|---:|---:|---:|---:|---:|`;

// Firefox takes long to open so many tabs.
describe.each(isLong ? (["Chromium", "Firefox"] as const) : (["Chromium"] as const))("in %s", (name) => {
  const counts = [6, 12];

  beforeAll(async () => {
    browser = await TabbedBrowser.start(name);
  });
  afterEach(() => browser.clear());
  afterAll(() => browser.close());

  test(
    `1, ${counts.join(" and ")} tabs with one session keep the time, and hold one stream together`,
    async () => {
      const id = await create();
      await open([id]);
      await until("the stream is open", async () => (await listeningNow()) === 1, 20_000);
      const [seen] = await watch(1, ONE_TAB_MS);
      const oneTabMs = median(seen?.errorsMs ?? []);
      for (const count of counts) {
        await open(Array(count - browser.pages.length).fill(id));
        await until("all tabs listen", async () => (await listeningNow()) === count, 20_000);
        expectTimeKept(await watch(1), oneTabMs);
        expect(await listeningNow(), "tabs that hear events").toBe(count);
        expect(await streamsNow(), "streams").toBe(1);
      }
      await closeLeader();
      await until("all others listen", async () => (await listeningNow()) === browser.pages.length, 3_000);
      expect(await streamsNow(), "streams").toBe(1);
      await expectStopHeard([id], 2_000);
    },
    TIMEOUT_MS,
  );

  test(
    `${counts.join(" and ")} tabs, each with a session of its own, keep the time, and hold one stream together`,
    async () => {
      const ids: string[] = [];
      for (const count of counts) {
        const more = await Promise.all(Array.from({ length: count - ids.length }, create));
        ids.push(...more);
        await open(more);
        await until("one tab listens", async () => (await listeningNow()) === 1, 20_000);
        expectTimeKept(await watch(count), Number.POSITIVE_INFINITY);
        expect(await streamsNow(), "streams").toBe(1);
      }
      // The tabs without a stream poll every five seconds.
      await expectStopHeard(ids, 8_000);
    },
    TIMEOUT_MS,
  );
});

test("a leader that is hidden or frozen hands the stream over to a visible tab, in Chromium", async () => {
  browser = await TabbedBrowser.start("Chromium");
  try {
    const id = await create();
    await open([id, id, id]);
    await until("all tabs listen", async () => (await listeningNow()) === 3, 20_000);
    const first = await leaderNow();
    const show = await browser.hide(first);
    await until("another tab leads", async () => ![first, -1].includes(await leaderNow()), 15_000);
    await until("all tabs listen", async () => (await listeningNow()) === 3, 5_000);
    await show();
    const second = await leaderNow();
    const thaw = await browser.freeze(second);
    // A frozen page does not answer.
    await until("another tab leads", async () => (await streamsNow([second])) === 1, 5_000);
    await thaw();
    await until("all tabs listen", async () => (await listeningNow()) === 3, 5_000);
    expect(await streamsNow(), "streams").toBe(1);
    expect(await leaderNow()).not.toBe(second);
    await expectStopHeard([id], 2_000);
  } finally {
    await browser.close();
  }
});

/** Creates a session that has been running for a while. */
async function create(): Promise<string> {
  const start_at = new Date(Date.now() - 60_000).toISOString();
  return (await server.create({ tick_ms: 100, start_at })).id;
}

/** Opens a tab for each session. */
async function open(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await browser.open(`${site.url}/test/browser/page.html`, `${server.address}/v1/sessions/${id}`);
  }
}

/** Closes the tab that holds the stream. */
async function closeLeader(): Promise<void> {
  await browser.closeTab(await leaderNow());
}

async function leaderNow(): Promise<number> {
  return (await browser.now()).findIndex(({ streams }) => streams === 1);
}

/** @param oneTabMs The median bound of a single tab's clock. */
function expectTimeKept(all: readonly SeenUntilNow[], oneTabMs: number): void {
  for (const { requestsMs, errorsMs, unsynced } of all) {
    expect(unsynced, "samples of a clock that was not synced").toBe(0);
    expect(Math.max(...requestsMs), "the slowest request for the time").toBeLessThan(SLOWEST_MS);
    expect(median(errorsMs), "the bound of the clock").toBeLessThan(2 * oneTabMs + TOLERANCE_MS);
  }
}

/** Watches the open tabs, and adds a row to the table. */
async function watch(sessions: number, ms = WATCH_MS): Promise<readonly SeenUntilNow[]> {
  await browser.reset();
  await pass(ms);
  const [seen, streams] = await Promise.all([browser.seen(), streamsNow()]);
  const requests = seen.flatMap(({ requestsMs }) => requestsMs);
  const errors = seen.flatMap(({ errorsMs }) => errorsMs);
  const cells = [
    browser.name,
    seen.length,
    sessions,
    `${ms / 1_000} s`,
    streams,
    `${inMs(median(requests))}, ${inMs(Math.max(...requests))}`,
    `${inMs(median(errors))}, ${inMs(Math.max(...errors))}`,
  ];
  rows.push(`| ${cells.join(" | ")} |`);
  return seen;
}

async function expectStopHeard(ids: readonly string[], withinMs: number): Promise<void> {
  await Promise.all(ids.map((id) => server.stop(id, Date.now() + 60_000)));
  const haveHeard = async (): Promise<boolean> =>
    (await browser.now()).every(({ isStopKnown }) => isStopKnown);
  await until("every tab knows of the stop", haveHeard, withinMs);
}

async function listeningNow(): Promise<number> {
  return (await browser.now()).filter(({ isListening }) => isListening).length;
}

/** @param except The tabs that cannot say, because they are frozen. */
async function streamsNow(except: readonly number[] = []): Promise<number> {
  return (await browser.now(except)).reduce((sum, { streams }) => sum + streams, 0);
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function inMs(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
