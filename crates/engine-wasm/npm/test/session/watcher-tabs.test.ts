import { describe, expect, it } from "vitest";

import { NOON, RECORD } from "../world/http-world.js";
import { type SessionTab, TabsHarness } from "./tabs-harness.js";

const OTHER_ID = (index: number): string => RECORD.id.replace(/.{2}$/, String(10 + index));

function revisions(tabs: readonly SessionTab[]): number[] {
  return tabs.map(({ session }) => session.record.revision);
}

function listening(tabs: readonly SessionTab[]): number {
  return tabs.filter(({ session }) => session.isListening).length;
}

describe.each([6, 12])("%i tabs with the same session", (count) => {
  it("share one stream, and all hear a stop at once", async () => {
    const harness = new TabsHarness();
    await harness.open(count);
    await harness.pass(1_000);
    expect(harness.mostStreams).toBe(1);
    expect(listening(harness.tabs)).toBe(count);
    harness.world.server.stop(NOON + 60_000);
    await harness.pass(20);
    expect(revisions(harness.tabs)).toEqual(harness.tabs.map(() => 2));
  });

  it("keep the time: no request waits behind a stream", async () => {
    const harness = new TabsHarness();
    await harness.open(count);
    await harness.pass(300_000);
    const readings = harness.tabs.map(({ session }) => session.clock.read());
    expect(readings.filter(({ synced }) => synced)).toHaveLength(count);
    expect(Math.max(...readings.map(({ errorMs }) => errorMs))).toBeLessThan(30);
    expect(harness.mostStreams).toBe(1);
  });

  it("poll no more than with a stream each: once a minute", async () => {
    const harness = new TabsHarness();
    await harness.open(count);
    await harness.pass(10_000);
    expect(await harness.requestsWithin(120_000)).toBeLessThanOrEqual(count * 3);
  });
});

describe.each([6, 12])("%i tabs with different sessions", (count) => {
  it("have one stream, and the others poll", async () => {
    const harness = new TabsHarness();
    await harness.open(count, OTHER_ID);
    await harness.pass(60_000);
    expect(harness.mostStreams).toBe(1);
    expect(listening(harness.tabs)).toBe(1);
    expect(harness.leader.session.isListening).toBe(true);
    for (const { session } of harness.tabs) {
      expect(session.clock.read().synced).toBe(true);
      harness.world.server.stop(NOON + 120_000, session.record.id);
    }
    await harness.pass(6_500);
    expect(revisions(harness.tabs)).toEqual(harness.tabs.map(() => 2));
  });

  it("hand the stream on to another session when its tab is closed", async () => {
    const harness = new TabsHarness();
    await harness.open(count, OTHER_ID);
    const [first] = harness.tabs;
    expect(harness.leader).toBe(first);
    first?.tab.close();
    await harness.pass(100);
    expect(harness.leader).not.toBe(first);
    expect(harness.leader.session.isListening).toBe(true);
    expect(harness.world.server.streams.size).toBe(1);
  });
});

describe("a leader that", () => {
  it("is closed hands over at once, and nothing is missed", async () => {
    const harness = new TabsHarness();
    await harness.open(6);
    const { leader, followers } = harness;
    leader.tab.close();
    harness.world.server.stop(NOON + 60_000);
    await harness.pass(100);
    expect(revisions(followers)).toEqual([2, 2, 2, 2, 2]);
    expect(listening(followers)).toBe(5);
    expect(harness.world.server.streams.size).toBe(1);
  });

  it("closes its session hands over at once and leaves nothing behind", async () => {
    const harness = new TabsHarness();
    await harness.open(3);
    const { leader, followers } = harness;
    leader.session.close();
    await harness.pass(100);
    expect(listening(followers)).toBe(2);
    expect(leader.tab.leftovers).toEqual({ streams: 0, locks: 0, channels: 0 });
    for (const { session } of followers) {
      session.close();
    }
    await harness.pass(100);
    expect(harness.tabs.map(({ tab }) => tab.leftovers)).toEqual(
      harness.tabs.map(() => ({ streams: 0, locks: 0, channels: 0 })),
    );
    expect(harness.world.leftovers).toMatchObject({ timers: 0, requests: 0, streams: 0 });
  });

  it("is told that it freezes hands over at once, and comes back as a follower", async () => {
    const harness = new TabsHarness();
    await harness.open(6);
    const { leader, followers } = harness;
    leader.tab.freeze({ isTold: true });
    await harness.pass(100);
    expect(harness.world.server.streams.size).toBe(1);
    expect(listening(followers)).toBe(5);
    leader.tab.thaw({ isTold: true });
    await harness.pass(1_000);
    expect(listening(harness.tabs)).toBe(6);
    expect(harness.leader).not.toBe(leader);
    expect(harness.mostStreams).toBe(1);
  });

  it("freezes without being told is noticed: its followers poll, and one of them takes over", async () => {
    const harness = new TabsHarness();
    await harness.open(6);
    const { leader, followers } = harness;
    await harness.pass(10_000);
    leader.tab.freeze({ isTold: false });
    await harness.pass(12_000);
    expect(listening(followers)).toBe(5);
    expect(harness.leader).not.toBe(leader);
    // The frozen tab cannot give back its own.
    expect(harness.world.server.streams.size).toBe(2);
    harness.world.server.stop(NOON + 60_000);
    await harness.pass(20);
    expect(revisions(followers)).toEqual([2, 2, 2, 2, 2]);
    leader.tab.thaw({ isTold: false });
    await harness.pass(1_000);
    expect(harness.world.server.streams.size).toBe(1);
    expect(listening(harness.tabs)).toBe(6);
    expect(revisions(harness.tabs)).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it("runs again after another has taken over misleads nobody with what it should have passed on long ago", async () => {
    const harness = new TabsHarness();
    await harness.open(3);
    const { leader, followers } = harness;
    await harness.pass(1_000);
    leader.tab.freeze({ isTold: false });
    harness.world.server.emit("session", JSON.stringify({ ...RECORD, revision: 0 }));
    await harness.pass(15_000);
    harness.world.server.stop(NOON + 60_000);
    await harness.pass(100);
    leader.tab.thaw({ isTold: false });
    await harness.pass(100);
    expect(revisions(followers)).toEqual([2, 2]);
    expect(leader.session.record.revision).toBe(2);
  });

  it("was blocked when it got the lock leaves the stream to the tab that has taken it meanwhile", async () => {
    const harness = new TabsHarness();
    await harness.open(3);
    await harness.pass(2_000);
    const [first, blocked, third] = harness.tabs;
    // A debugger, a dialog, or a long task.
    blocked?.tab.freeze({ isTold: false });
    first?.tab.close();
    await harness.pass(15_000);
    expect(harness.leader).toBe(third);
    blocked?.tab.thaw({ isTold: false });
    await harness.pass(10_000);
    expect(harness.leader).toBe(third);
    expect(harness.world.server.streams.size).toBe(1);
    expect([blocked?.session.isListening, third?.session.isListening]).toEqual([true, true]);
    // It may still lead when its turn comes.
    third?.tab.freeze({ isTold: false });
    await harness.pass(15_000);
    expect(harness.leader).toBe(blocked);
    expect(blocked?.session.isListening).toBe(true);
  });

  it("is told that it freezes reports no error", async () => {
    const harness = new TabsHarness();
    await harness.open(2);
    await harness.pass(2_000);
    const errors: unknown[] = [];
    for (const { session } of harness.tabs) {
      session.on("error", (failure) => errors.push(failure));
    }
    const { leader } = harness;
    leader.tab.freeze({ isTold: true });
    expect(leader.session.isListening).toBe(false);
    await harness.pass(500);
    // Nothing tells the page that it runs again.
    leader.tab.thaw({ isTold: false });
    await harness.pass(2_000);
    expect(errors).toEqual([]);
    expect(listening(harness.tabs)).toBe(2);
    for (const { session } of harness.tabs) {
      session.close();
    }
    await harness.pass(100);
    expect(harness.world.leftovers).toMatchObject({ timers: 0, requests: 0, streams: 0 });
  });

  it("is closed while it is left stays away", async () => {
    const harness = new TabsHarness();
    await harness.open(1);
    await harness.pass(2_000);
    const { tab, session } = harness.leader;
    tab.document.dispatchEvent(new Event("freeze"));
    session.close();
    await harness.pass(5_000);
    expect(tab.leftovers).toEqual({ streams: 0, locks: 0, channels: 0 });
    expect(harness.world.leftovers).toMatchObject({ timers: 0, requests: 0, streams: 0 });
  });

  it("freezes for ever leaves at most two streams, whoever leads next", async () => {
    const harness = new TabsHarness();
    await harness.open(12);
    harness.leader.tab.freeze({ isTold: false });
    await harness.pass(300_000);
    expect(harness.mostStreams).toBe(2);
    expect(listening(harness.tabs)).toBe(12);
  });

  it("is hidden for a while hands over to a visible tab", async () => {
    const harness = new TabsHarness();
    await harness.open(6);
    const { leader } = harness;
    leader.tab.show("hidden");
    await harness.pass(4_000);
    expect(harness.leader).toBe(leader);
    await harness.pass(3_000);
    expect(harness.leader).not.toBe(leader);
    expect(listening(harness.tabs)).toBe(6);
    expect(harness.mostStreams).toBe(1);
  });

  it("is hidden without being told hands over, too", async () => {
    const harness = new TabsHarness();
    await harness.open(3);
    const { leader } = harness;
    leader.tab.show("hidden", { isTold: false });
    await harness.pass(20_000);
    expect(harness.leader).not.toBe(leader);
    expect(listening(harness.tabs)).toBe(3);
    expect(harness.mostStreams).toBe(1);
  });

  it("is hidden keeps the stream while no other tab is visible, and until one is", async () => {
    const harness = new TabsHarness();
    await harness.open(6);
    const { leader } = harness;
    const [, second] = harness.followers;
    for (const { tab } of harness.tabs) {
      tab.show("hidden");
    }
    await harness.pass(60_000);
    expect(harness.leader).toBe(leader);
    second?.tab.show("visible");
    await harness.pass(2_000);
    expect(harness.leader).toBe(second);
    await harness.pass(60_000);
    expect(harness.leader).toBe(second);
    expect(listening(harness.tabs)).toBe(6);
    expect(harness.mostStreams).toBe(1);
  });

  it("is hidden only for a moment goes on", async () => {
    const harness = new TabsHarness();
    await harness.open(3);
    const { leader } = harness;
    leader.tab.show("hidden");
    await harness.pass(2_000);
    leader.tab.show("visible");
    await harness.pass(60_000);
    expect(harness.leader).toBe(leader);
  });
});

describe("what a follower hears", () => {
  it("are promises, which the stream renews for all", async () => {
    const harness = new TabsHarness();
    harness.noticeMs = 15_000;
    await harness.open(6);
    for (let ms = 0; ms < 60_000; ms += 5_000) {
      harness.world.server.settle(harness.world.now + 15_000);
      await harness.pass(5_000);
    }
    expect(harness.tabs.map(({ session }) => session.isSettled)).toEqual(harness.tabs.map(() => true));
    const until = harness.tabs.map(({ session }) => session.settledUntil);
    expect(new Set(until).size).toBe(1);
  });

  it("are promises without a gap when the leader is silent", async () => {
    const harness = new TabsHarness();
    harness.noticeMs = 15_000;
    await harness.open(6);
    const { leader, followers } = harness;
    const lapses: boolean[] = [];
    for (const { session } of followers) {
      session.on("settled", ({ isSettled }) => lapses.push(isSettled));
    }
    leader.tab.freeze({ isTold: false });
    for (let ms = 0; ms < 60_000; ms += 1_000) {
      harness.world.server.settle(harness.world.now + 15_000);
      await harness.pass(1_000);
    }
    expect(lapses).toEqual([]);
    expect(harness.leader).not.toBe(leader);
  });

  it.each(["expired", "deleted"])("is the end of a session that is %s", async (end) => {
    const harness = new TabsHarness();
    await harness.open(6);
    harness.world.server.emit(end, JSON.stringify({ id: RECORD.id }));
    await harness.pass(100);
    expect(harness.tabs.map(({ session }) => session.isExpired)).toEqual(harness.tabs.map(() => true));
    expect(harness.browser.channels.size).toBe(0);
  });

  it("is that the server has lost changes, but not from the first event", async () => {
    const harness = new TabsHarness();
    await harness.open(3);
    const { server } = harness.world;
    server.stop(NOON + 60_000);
    await harness.pass(100);
    server.store();
    // The stream reconnects, perhaps to a server that has not heard of the stop.
    for (const stream of server.streams) {
      stream.breakOff();
    }
    await harness.pass(3_100);
    expect(listening(harness.tabs)).toBe(3);
    expect(revisions(harness.tabs)).toEqual([2, 2, 2]);
    server.emit("session", JSON.stringify(RECORD));
    await harness.pass(20);
    expect(revisions(harness.tabs)).toEqual([1, 1, 1]);
  });

  it("counts as first in a tab that joins later, too", async () => {
    const harness = new TabsHarness();
    await harness.open(2);
    await harness.pass(1_000);
    const { server } = harness.world;
    server.stop(NOON + 60_000);
    await harness.pass(100);
    await harness.open(1);
    await harness.pass(100);
    // The stop is stored again, as it was before the third tab opened it.
    expect(listening(harness.tabs)).toBe(3);
    server.emit("session", JSON.stringify({ ...RECORD, revision: 0 }));
    await harness.pass(20);
    expect(revisions(harness.tabs)).toEqual([0, 0, 0]);
  });
});

describe("a stream that is rejected", () => {
  it("is tried again by one tab at a time", async () => {
    const harness = new TabsHarness();
    harness.world.server.streamStatus = 503;
    await harness.open(6);
    await harness.pass(60_000);
    expect(harness.mostStreams).toBeLessThanOrEqual(1);
    harness.world.server.streamStatus = 200;
    await harness.pass(61_000);
    expect(listening(harness.tabs)).toBe(6);
    expect(harness.world.server.streams.size).toBe(1);
  });
});

describe("without what it takes to share, each page has a stream of its own:", () => {
  it.each([
    ["no locks", { locks: undefined }],
    ["locks without a method", { locks: {} as never }],
    ["no channel", { channel: undefined }],
    ["a channel without methods", { channel: (() => undefined) as never }],
    ["no document, as in a worker", { document: undefined }],
  ])("%s", async (_what, platform) => {
    const harness = new TabsHarness(platform);
    await harness.open(3);
    expect(harness.mostStreams).toBe(3);
    expect(listening(harness.tabs)).toBe(3);
    expect(harness.browser.channels.size).toBe(0);
  });

  it.each([
    ["locks that are forbidden", { locks: { request: () => Promise.reject(new Error("forbidden")) } }],
    ["locks that throw", { locks: { request: () => throwing() } }],
    ["a channel that throws", { channel: Forbidden as never }],
  ])("%s", async (_what, platform) => {
    const harness = new TabsHarness(platform);
    await harness.open(3);
    await harness.pass(100);
    expect(listening(harness.tabs)).toBe(3);
    expect(harness.browser.channels.size).toBe(0);
  });

  it("locks that are never granted", async () => {
    const harness = new TabsHarness();
    harness.browser.locks.isHanging = true;
    await harness.open(3);
    await harness.pass(10_000);
    expect(listening(harness.tabs)).toBe(3);
    expect(harness.browser.channels.size).toBe(0);
  });
});

it("tabs whose EventSource throws poll, and leave nothing behind", async () => {
  const harness = new TabsHarness({ EventSource: Forbidden as never });
  await harness.open(2);
  await harness.pass(1_000);
  expect(harness.browser.channels.size).toBe(0);
  expect(await harness.requestsWithin(60_000)).toBeGreaterThan(20);
});

it("tabs that do not hear each other do not take the lock from each other for ever", async () => {
  const harness = new TabsHarness();
  harness.browser.isDeaf = true;
  await harness.open(6);
  await harness.pass(60_000);
  const { leader } = harness;
  await harness.pass(120_000);
  expect(harness.leader).toBe(leader);
  expect(leader.session.isListening).toBe(true);
  expect(harness.world.server.streams.size).toBe(1);
});

function throwing(): never {
  throw new Error("forbidden");
}

class Forbidden {
  constructor() {
    throwing();
  }

  postMessage(): void {
    // Never created.
  }
}
