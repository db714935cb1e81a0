/** What a page sends that nobody touches, by the browser's own count (DevTools). scripts/test-page runs it. */
import { expect, test } from "vitest";

import { look, untilVerdict, visit } from "../browser/browser.js";
import { begun, stage } from "../browser/stage.js";

const on = stage();
const MINUTES = Number(process.env.TICKSEED_PAGE_MINUTES ?? 3);
const PLAYERS = 4;
const REQUESTS_A_MINUTE = 8;
const MINUTE_MS = 60_000;

test(
  `an untouched page sends at most ${REQUESTS_A_MINUTE} requests a minute and player`,
  async () => {
    const { id } = await on.server.create(begun());
    const { page, requests } = await visit(on.browser, `${on.server.address}/?session=${id}`);
    await untilVerdict(page, "agree", 30_000);
    await page.waitForTimeout(MINUTE_MS);
    const counted = (): Promise<number> =>
      look(page).then(({ cards }) => cards.reduce((sum, card) => sum + card.requests, 0));
    for (let minute = 1; minute <= MINUTES; minute += 1) {
      const [before, ownBefore] = [requests.length, await counted()];
      await page.waitForTimeout(MINUTE_MS);
      const [sent, own] = [requests.slice(before), (await counted()) - ownBefore];
      const forTime = sent.filter((address) => address.includes("/v1/time?"));
      const polls = sent.filter((address) => address.endsWith(`/v1/sessions/${id}`));
      process.stdout.write(
        `minute ${minute + 1}: ${sent.length} requests of ${PLAYERS} players (${forTime.length} for the time, ${polls.length} polls); the page counted ${own}\n`,
      );
      expect(sent.length).toBeLessThanOrEqual(REQUESTS_A_MINUTE * PLAYERS);
      expect(sent.length, "nothing else").toBe(forTime.length + polls.length);
      expect(
        Math.abs(own - sent.length),
        "the page counts the same, but for what is under way",
      ).toBeLessThanOrEqual(2);
    }
  },
  (MINUTES + 2) * MINUTE_MS + 60_000,
);
