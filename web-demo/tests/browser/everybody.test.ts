/** The page for everybody: screen readers, phones, the dark, and when something is missing. */
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, test } from "vitest";

import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { AXE, overflow, violations } from "./axe.js";
import { look, untilVerdict, visit } from "./browser.js";
import { begun, stage } from "./stage.js";

const on = stage();
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };

test.each<readonly [string, string, BrowserContextOptions]>([
  ["on a desktop", "", { colorScheme: "light" }],
  ["in the dark", "", { colorScheme: "dark", reducedMotion: "reduce" }],
  ["on a phone", "", PHONE],
  ["with a fault", "&fault=seed", { colorScheme: "light" }],
  ["with a fault in the dark", "&fault=seed", { colorScheme: "dark" }],
])("axe finds nothing %s, nothing overflows, and nothing moves", async (_how, query, options) => {
  const { id } = await on.server.create({ ...begun(), notice_ms: 15_000 });
  const { page } = await visit(
    on.browser,
    `${on.server.address}/?session=${id}${query}`,
    { ...options, bypassCSP: true },
    watchShifts,
  );
  await untilVerdict(page, query === "" ? "agree" : "disagree");
  expect(await shifts(page), "layout shifts").toBeLessThan(0.01);
  await page.click('[data-jump="2500"]');
  await page.locator('[data-player="anna"] summary').click();
  for (const summary of await page.locator(".panel summary").all()) {
    await summary.click();
  }
  await page.evaluate(AXE);
  expect(await page.evaluate(violations)).toEqual([]);
  expect(await page.evaluate(overflow)).toBe(0);
});

test("an unknown session is reported, and a new one can be created", async () => {
  for (const name of ["sess_00000000-0000-4000-8000-000000000000", "nonsense"]) {
    const { page } = await visit(on.browser, `${on.server.address}/?session=${name}`);
    await until("the reason", async () =>
      (await look(page)).verdict.words.includes("no session with this id"),
    );
    await page.click("#renew");
    await untilVerdict(page, "agree");
    expect(page.url()).not.toContain(name);
    await page.context().close();
  }
});

test.each([
  ["requires", { requires: ["teams"] }, /requires "teams"/],
  ["engine_version", { engine_version: 2 }, /engine/],
] as const)("a session whose %s the page stops understanding is not shown", async (_what, change, reason) => {
  const record = await on.server.create(begun());
  const changed = JSON.stringify({ ...record, revision: record.revision + 1, ...change });
  const { page } = await visit(on.browser, `${on.server.address}/?session=${record.id}`, {}, (opened) =>
    opened.route("**/events", (route) =>
      route.fulfill({
        contentType: "text/event-stream",
        body: `event: changed\nid: "1"\ndata: ${changed}\n\n`,
      }),
    ),
  );
  await until("the reason", async () => reason.test((await look(page)).verdict.words));
  expect((await look(page)).cards).toEqual([]);
  await page.click("#renew");
  await until("another session", () => !page.url().includes(record.id));
});

test("a session that was deleted is nobody's business any more, and its players count on", async () => {
  const { id } = await on.server.create(begun());
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}`);
  await untilVerdict(page, "agree");
  await fetch(`${on.server.address}/v1/sessions/${id}`, { method: "DELETE" });
  const { verdict, cards } = await untilVerdict(page, "unknown");
  expect(verdict.words).toBe("Not known: the server no longer has this session");
  await until("more steps", async () => ((await look(page)).cards[0]?.step ?? 0) > (cards[0]?.step ?? 0) + 5);
});

test("an engine that does not load is reported", async () => {
  const { page } = await visit(on.browser, on.server.address, {}, async (opened) => {
    await opened.route("**/*.wasm", (route) => route.abort());
    // The copy that takes the place of that file.
    await opened.route("**/inline-*.js", (route) => route.abort());
  });
  await until("the reason", async () =>
    (await look(page)).verdict.words.includes("The engine (WebAssembly) did not load"),
  );
});

test("a server that creates sessions only for programs is reported", async () => {
  const problem = { code: "credentials_required", detail: "an API key is needed", status: 401 };
  const { page } = await visit(on.browser, on.server.address, {}, (opened) =>
    opened.route("**/v1/sessions", (route) => route.fulfill({ status: 401, json: problem })),
  );
  await until("the reason", async () =>
    (await look(page)).verdict.words.includes("only programs with an API key"),
  );
});

async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = window as unknown as { shifts: number };
    seen.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
      })[]) {
        seen.shifts += entry.hadRecentInput ? 0 : entry.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

function shifts(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { shifts: number }).shifts);
}
