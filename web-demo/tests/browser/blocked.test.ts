/** Networks that let no event streams through: players learn of changes only when they ask, and the page says so. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { type Block, BlockedProxy } from "./blocked-proxy.js";
import { look, untilVerdict, visit } from "./browser.js";
import { begun, stage } from "./stage.js";

const on = stage();
/** Longer than the longest pause between two polls. */
const POLLS_WITHIN_MS = 12_000;

test("where events arrive, no card says that they do not", async () => {
  const { id } = await on.server.create(begun());
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}&players=2`);
  await untilVerdict(page, "agree");
  await page.waitForTimeout(4_500);
  expect((await notes(page)).filter((note) => note.includes("Hears no changes"))).toEqual([]);
});

test.each<Block>(["refused", "held back"])(
  "where streams are %s, every card says how often its player asks, and changes reach all of them in that time",
  async (block) => {
    await through(block, { ...begun() }, async (page, id) => {
      await until(
        "every card to say how often",
        async () => (await notes(page)).every((note) => /^Hears no changes: asks every \d+ s\.$/.test(note)),
        25_000,
      );
      await page.check('input[name="lead"][value="0"]');
      await page.click("#pause");
      await untilStatus(page, "paused");
      // Another device stops it, so the page itself does not know.
      await on.server.stop(id);
      await untilStatus(page, "stopped");
      await until("the page to know", async () =>
        (await look(page)).host.startsWith("Stopped for everybody at"),
      );
      await until("the verdict", async () =>
        (await look(page)).verdict.details.includes("the server agrees"),
      );
      await until("nothing more to hear", async () =>
        (await notes(page)).every((note) => !note.includes("Hears no changes")),
      );
    });
  },
);

test.each([0, 2_000])(
  "where a proxy holds back the events of open streams, cards say so with a notice of %s ms",
  async (noticeMs) => {
    await through("buffered", { ...begun(), notice_ms: noticeMs }, async (page) => {
      await until("every card", async () =>
        (await notes(page)).every((note) => note.startsWith("Hears no changes: asks")),
      );
    });
  },
);

test("a session that is deleted is known to be gone without any event", async () => {
  await through("refused", begun(), async (page, id) => {
    await fetch(`${on.server.address}/v1/sessions/${id}`, { method: "DELETE" });
    await page.click("#ask");
    await until("the reason", async () =>
      (await look(page)).verdict.words.includes("the server no longer has this session"),
    );
  });
});

/** Plays behind a proxy. No verdict may name anybody meanwhile. */
async function through(
  block: Block,
  session: Parameters<typeof on.server.create>[0],
  play: (page: Page, id: string) => Promise<void>,
): Promise<void> {
  const proxy = new BlockedProxy(on.server.address, block);
  await proxy.listen();
  try {
    const { id } = await on.server.create(session);
    const { page } = await visit(on.browser, `${proxy.address}/?session=${id}&players=3`);
    await untilVerdict(page, "agree");
    await play(page, id);
    expect((await look(page)).verdict.differences).toBe(0);
  } finally {
    proxy.close();
  }
}

function notes(page: Page): Promise<readonly string[]> {
  return look(page).then(({ cards }) => cards.map(({ note }) => note));
}

async function untilStatus(page: Page, status: string): Promise<void> {
  await until(
    `every card to be ${status}`,
    async () => {
      const { cards } = await look(page);
      expect(cards.filter(({ isWrong }) => isWrong)).toEqual([]);
      return cards.every((card) => card.status === status);
    },
    POLLS_WITHIN_MS,
  );
}
