import { describe, expect, it } from "vitest";

import { askOver } from "../../src/clock/ask.js";
import type { Exchange } from "../../src/clock/inputs.js";
import type { RequestStamps } from "../../src/clock/resource-timing.js";
import { ADDRESS, HttpWorld, json, NOON } from "../world/http-world.js";

const TIME = `${ADDRESS}/v1/time`;

/** Runs one exchange, and records how its timing was watched. */
async function exchange(
  world: HttpWorld,
  stamps?: (asked: number) => RequestStamps | undefined,
): Promise<{ exchange: Exchange; watched: string[]; ended: number }> {
  const watched: string[] = [];
  let ended = 0;
  const asked = world.machine.monotonicMs();
  const watchResourceTiming = (address: string) => {
    watched.push(address);
    return {
      stamps: () => Promise.resolve(stamps?.(asked)),
      end: () => {
        ended += 1;
      },
    };
  };
  const platform = { ...world.platform, watchResourceTiming: stamps && watchResourceTiming };
  const result = await world.agenda.until(askOver(platform, TIME)(new AbortController().signal));
  return { exchange: result, watched, ended };
}

describe("an exchange over HTTP", () => {
  it("has the stamps of the machine around it, and those of the server", async () => {
    const world = new HttpWorld();
    const asked = world.machine.monotonicMs();
    Object.assign(world.server, { thereMs: 7, backMs: 30, name: "someone" });
    const { exchange: result } = await exchange(world);
    expect(result).toEqual({
      askedMs: asked,
      answeredMs: expect.closeTo(asked + 37, 6),
      receivedMs: NOON + 7,
      sentMs: NOON + 7,
      server: "someone",
    });
  });

  it("bypasses all caches, each time with a unique address", async () => {
    const world = new HttpWorld();
    await exchange(world);
    await exchange(world);
    const [one, other] = world.server.received;
    expect(one?.what).not.toBe(other?.what);
    expect(one?.what).toMatch(/^GET \/v1\/time\?[0-9a-z]+$/);
    expect(one?.init.cache).toBe("no-store");
  });

  it("prefers the stamps of Resource Timing to its own", async () => {
    const {
      exchange: result,
      watched,
      ended,
    } = await exchange(new HttpWorld(), (asked) => ({
      askedMs: asked + 3,
      answeredMs: asked + 15,
    }));
    expect(result.answeredMs - result.askedMs).toBeCloseTo(12, 6);
    expect(watched).toHaveLength(1);
    expect(watched[0]).toMatch(/^https:\/\/ticks.example\/v1\/time\?[0-9a-z]+$/);
    expect(ended).toBe(1);
  });

  it.each([
    ["that begin before the request, except their end", -1, 15, 15],
    ["that end after the response, except their beginning", 3, 21, 17],
    ["of an earlier request", -9, -2, 20],
    ["of a later request", 21, 30, 20],
    ["that do not exist", undefined, undefined, 20],
  ])("ignores stamps %s", async (_which, from, to, width) => {
    const { exchange: result } = await exchange(new HttpWorld(), (asked) =>
      from === undefined ? undefined : { askedMs: asked + from, answeredMs: asked + to },
    );
    expect(result.answeredMs - result.askedMs).toBeCloseTo(width, 6);
  });

  it("has an empty server name if the server gives none", async () => {
    const world = new HttpWorld();
    world.server.interpose = () => json({ now_ms: NOON, received_us: NOON * 1_000, sent_us: NOON * 1_000 });
    expect((await exchange(world)).exchange.server).toBe("");
  });

  it("stops watching even if it fails", async () => {
    const world = new HttpWorld();
    world.server.reach = "unreachable";
    let ended = 0;
    const watchResourceTiming = () => ({
      stamps: () => Promise.resolve(undefined),
      end: () => {
        ended += 1;
      },
    });
    const asking = askOver({ ...world.platform, watchResourceTiming }, TIME)(new AbortController().signal);
    await expect(world.agenda.until(asking)).rejects.toMatchObject({ code: "unreachable" });
    expect(ended).toBe(1);
  });
});
