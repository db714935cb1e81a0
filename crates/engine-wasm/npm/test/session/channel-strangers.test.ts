/** What other scripts of the page's origin say on the channel that tabs share a stream over. */
import { describe, expect, it } from "vitest";

import { ADDRESS, RECORD } from "../world/http-world.js";
import { TabsHarness } from "./tabs-harness.js";

const CHANNEL = `tickseed stream 1 ${ADDRESS}`;
const address = `${ADDRESS}/v1/sessions/${RECORD.id}/events`;

const MESSAGES: [string, unknown][] = [
  ["a text", "hello"],
  ["null", null],
  ["undefined", undefined],
  ["a number", 7],
  ["an empty object", {}],
  ["no term", { term: Number.NaN, address, state: { isOpen: false } }],
  ["an endless term", { term: Number.POSITIVE_INFINITY, address, state: { isOpen: true, isAway: false } }],
  ["a huge term", { term: 1e308, address, state: { isOpen: false, isAway: false } }],
  ["a text as term", { term: "later", address, state: { isOpen: true } }],
  ["a bigint as term", { term: 10n ** 400n, address, state: { isOpen: true } }],
  ["no state", { term: 1, address, state: null }],
  ["no event", { term: 8e15, address, type: "changed", event: null }],
  ["a number as id", { term: 8e15, address, type: "changed", event: { data: "{}", lastEventId: 5 } }],
  ["a leader of the future", { term: 8e15, address, state: { isOpen: true, isAway: false } }],
];

describe.each([1, 3])("%d tabs keep their stream after a message with", (count) => {
  it.each(MESSAGES)("%s", async (_, message) => {
    const harness = new TabsHarness();
    await harness.open(count);
    await harness.pass(10_000);
    const { channel: BroadcastChannel } = harness.browser.open().platform;
    if (BroadcastChannel === undefined) {
      throw new Error("the virtual browser has no channels");
    }
    new BroadcastChannel(CHANNEL).postMessage(message);
    await harness.pass(60_000);
    expect(harness.tabs.map(({ session }) => session.isListening)).toEqual(
      Array.from({ length: count }, () => true),
    );
    expect(harness.world.server.streams.size).toBe(1);
    for (const { session } of harness.tabs) {
      session.close();
    }
  });
});
