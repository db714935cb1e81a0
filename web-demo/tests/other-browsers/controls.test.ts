/**
 * The controls in Firefox and WebKit, as other tests try them in Chromium. Only there can the harness drag, turn the wheel, choose
 * dark colours or the size of a phone, and observe layout shifts.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Tab } from "../../../crates/engine-wasm/npm/test/browser/browsers.js";
import { TestServer } from "../../../crates/engine-wasm/npm/test/browser/server.js";
import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { AXE, overflow, violations } from "../browser/axe.js";
import { type Block, BlockedProxy } from "../browser/blocked-proxy.js";
import { checkPrerequisites } from "../browser/prerequisites.js";
import { begun } from "../browser/stage.js";
import { attributeOf, BUT_CHROMIUM, click, look, opener, textOf, untilVerdict } from "../browser/tabs.js";

const server = new TestServer();
const asking = new TestServer({ TICKSEED_ACCESS: "token" });

beforeAll(async () => {
  checkPrerequisites();
  await Promise.all([server.start(), asking.start()]);
});

afterAll(() => Promise.all([server.remove(), asking.remove()]));

describe.each(BUT_CHROMIUM)("in %s", (_name, start) => {
  const open = opener(start);

  test("a pause takes effect on one step, and the session resumes at another rate", async () => {
    const { id } = await server.create(begun());
    const tab = await open(`${server.address}/?session=${id}`);
    await untilVerdict(tab, "agree");
    await click(tab, "#pause");
    await until("the announcement", async () => (await look(tab)).host.startsWith("Pauses for everybody at"));
    await untilStatus(tab, "paused");
    await until("one step", async () => new Set((await look(tab)).cards.map(({ step }) => step)).size === 1);
    expect(await textOf(tab, "#pause")).toBe("Resume");
    await click(tab, 'input[name="lead"][value="0"]');
    for (const tickMs of [50, 250]) {
      await click(tab, `[data-rate="${tickMs}"]`);
      await untilStatus(tab, "running");
      await until(
        "the pressed button",
        async () => (await attributeOf(tab, `[data-rate="${tickMs}"]`, "aria-pressed")) === "true",
      );
      expect((await server.session(id)).schedule?.at(-1)).toMatchObject({ tick_ms: tickMs });
    }
    await click(tab, "#pause");
    await untilStatus(tab, "paused");
    await click(tab, "#pause");
    await untilStatus(tab, "running");
    expect((await look(tab)).verdict.differences).toBe(0);
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  test("only the tab that created a session has its token, also after a reload", async () => {
    const { id: first } = await asking.create(begun());
    const tab = await open(`${asking.address}/?session=${first}`);
    await untilVerdict(tab, "agree");
    await click(tab, "#renew");
    await until("a session of its own", async () => !(await addressOf(tab)).includes(first));
    await untilVerdict(tab, "agree");
    const link = await tab.evaluate(() => document.querySelector<HTMLInputElement>("#link")?.value ?? "", 0);
    expect(await stored(tab)).toMatch(/tst_[0-9a-f]{32}/);
    const all = await tab.evaluate(() => document.documentElement.outerHTML, 0);
    expect(link + (await addressOf(tab)) + all).not.toContain("tst_");

    const guest = await open(link);
    await untilVerdict(guest, "agree");
    await click(guest, "#stop");
    await until("the refusal", async () =>
      (await look(guest)).host.includes("Only the page that created a session can change it."),
    );
    expect(await stored(guest)).toBe("{}");

    await reload(tab);
    await untilVerdict(tab, "agree");
    await click(tab, "#stop");
    await Promise.all([untilStatus(tab, "stopped"), untilStatus(guest, "stopped")]);
    await Promise.all([tab.close(), guest.close()]);
  });

  test("every jump is computed here, and the server says the same about that moment", async () => {
    const { id } = await server.create(begun());
    const tab = await open(`${server.address}/?session=${id}&players=1`);
    await untilVerdict(tab, "agree");
    let before = Number.NaN;
    for (const jump of ["minute", "hour", "year", "new-year", "2500"]) {
      await click(tab, `[data-jump="${jump}"]`);
      const { instant, step, value } = await until("the moment", async () => {
        const pressed = await attributeOf(tab, '[data-jump="now"]', "aria-pressed");
        const shown = await readout(tab);
        return pressed === "false" && shown.instant !== before && shown;
      });
      before = instant;
      expect(await server.stateAt(id, instant), jump).toMatchObject({ step, value });
      await click(tab, "#ask-instant");
      await until(
        "the server's word",
        async () => (await attributeOf(tab, ".readout-check", "data-same")) === "true",
      );
    }
    const chosen = await tab.evaluate((moment) => {
      const input = document.querySelector<HTMLInputElement>("#any");
      if (input !== null) {
        input.value = moment;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
      return new Date(moment).getTime();
    }, "2031-05-06T07:08:09");
    await until("the moment that was typed", async () => (await readout(tab)).instant === chosen);
    await press(tab, "ArrowRight");
    await until("a later moment", async () => (await readout(tab)).instant > chosen);
    const width = await attributeOf(tab, "#timeline", "aria-label");
    await press(tab, "-");
    await until("a wider view", async () => (await attributeOf(tab, "#timeline", "aria-label")) !== width);
    await press(tab, "Home");
    await until(
      "the present",
      async () => (await attributeOf(tab, '[data-jump="now"]', "aria-pressed")) === "true",
    );
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  test.each<Block>(["refused", "held back", "buffered"])(
    "where streams are %s, every card says that its player hears no changes",
    async (block) => {
      const proxy = new BlockedProxy(server.address, block);
      await proxy.listen();
      const { id } = await server.create(begun());
      const tab = await open(`${proxy.address}/?session=${id}&players=2`);
      await until("every card to say so", async () => {
        const { cards } = await look(tab);
        return cards.length === 2 && cards.every(({ note }) => note.startsWith("Hears no changes: asks"));
      });
      await tab.close();
      proxy.close();
    },
  );

  test.each(["", "&fault=seed"])("axe finds nothing, and nothing overflows%s", async (query) => {
    const { id } = await server.create({ ...begun(), notice_ms: 15_000 });
    const tab = await open(`${server.address}/?session=${id}${query}`, [AXE]);
    await untilVerdict(tab, query === "" ? "agree" : "disagree");
    await click(tab, '[data-jump="2500"]');
    await tab.evaluate(() => {
      for (const details of document.querySelectorAll("details")) {
        details.open = true;
      }
    }, undefined);
    expect(
      await tab.evaluate(violations as (argument: undefined) => Promise<readonly string[]>, undefined),
    ).toEqual([]);
    expect(await tab.evaluate(overflow as (argument: undefined) => number, undefined)).toBe(0);
    await tab.close();
  });
});

async function untilStatus(tab: Tab, status: string): Promise<void> {
  await until(
    `every card to be ${status}`,
    async () => (await look(tab)).cards.every((card) => card.status === status),
    15_000,
  );
}

function addressOf(tab: Tab): Promise<string> {
  return tab.evaluate(() => location.href, undefined);
}

function stored(tab: Tab): Promise<string> {
  return tab.evaluate(() => JSON.stringify({ ...sessionStorage }), undefined);
}

function press(tab: Tab, pressed: string): Promise<void> {
  return tab.evaluate((key) => {
    const canvas = document.querySelector("#timeline");
    canvas?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }, pressed);
}

/** Reloads the page, and waits until it is another. */
async function reload(tab: Tab): Promise<void> {
  await tab.evaluate(() => {
    Object.assign(window, { isOld: true });
    setTimeout(() => location.reload(), 0);
  }, undefined);
  const isNew = (): Promise<boolean> =>
    tab.evaluate(() => !("isOld" in window) && document.readyState === "complete", undefined);
  // Nothing can be asked of a page between the two.
  await until("the page to be loaded again", () => isNew().catch(() => false));
}

function readout(tab: Tab): Promise<Record<"instant" | "step" | "value", number>> {
  return tab.evaluate(() => {
    const { instant, step, value } = document.querySelector<HTMLElement>(".readout")?.dataset ?? {};
    return { instant: Number(instant), step: Number(step), value: Number(value) };
  }, undefined);
}
