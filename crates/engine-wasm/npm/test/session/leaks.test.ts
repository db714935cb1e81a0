import { getEventListeners } from "node:events";
import { beforeAll, describe, expect, it } from "vitest";

import { type Clock, connect, type LiveSession, loadEngine, openClock } from "../../src/index.js";
import { memoryAfter } from "../memory.js";
import { ADDRESS, HttpWorld, NOON, NOTHING_LEFT } from "../world/http-world.js";

const SESSIONS = 10_000;
/** The number of sessions open at the same time. */
const TOGETHER = 50;

let memory: WebAssembly.Memory;

beforeAll(async () => {
  memory = await memoryAfter(loadEngine);
});

/** A page whose sessions come and go, with one signal and one clock all the time. */
class Page {
  readonly world = new HttpWorld();
  readonly player = new AbortController();
  readonly address = this.world.server.store({ start_at: new Date(NOON).toISOString() });
  clock: Clock | undefined;
  /** The number of sessions that connected, and that were aborted before. */
  connected = 0;
  givenUp = 0;

  /** Opens the shared clock. */
  async open(): Promise<void> {
    const { agenda, platform } = this.world;
    this.clock = await agenda.until(openClock(ADDRESS, { platform, signal: this.player.signal }));
  }

  /** Connects several sessions, each in a different way, and ends them. */
  async comeAndGo(numbers: readonly number[]): Promise<void> {
    await this.world.agenda.until(Promise.allSettled(numbers.map((number) => this.#live(number))));
  }

  async #live(number: number): Promise<void> {
    const impatient = new AbortController();
    const isAborted = number % 4 === 3;
    if (isAborted) {
      this.world.agenda.in(number % 47, () => impatient.abort());
    }
    const { platform } = this.world;
    const clock = number % 2 === 0 ? this.clock : undefined;
    const signal = isAborted ? impatient.signal : this.player.signal;
    try {
      const session = await connect(this.address, { platform, clock, signal });
      this.connected += 1;
      await this.#play(session);
    } catch {
      this.givenUp += 1;
    }
  }

  async #play(session: LiveSession): Promise<void> {
    session.on("stopped", () => undefined);
    await new Promise<void>((resolve) => {
      session.on("tick", () => resolve());
      this.world.agenda.in(150, resolve);
    });
    if (!session.isClosed) {
      session.draw(0, "loot").free();
      session.close();
    }
  }
}

describe(`${SESSIONS} sessions that are opened and closed, or given up,`, () => {
  it("leave no timer, request, stream, wake event or listener behind, and none of the engine's memory", async () => {
    const page = new Page();
    await page.open();
    let sizeAtFirst = 0;
    for (let number = 0; number < SESSIONS; number += TOGETHER) {
      await page.comeAndGo(Array.from({ length: TOGETHER }, (_, index) => number + index));
      sizeAtFirst = number < 1_000 ? memory.buffer.byteLength : sizeAtFirst;
    }
    expect(page.connected + page.givenUp).toBe(SESSIONS);
    expect(page.connected).toBeGreaterThan(SESSIONS / 2);
    expect(page.givenUp).toBeGreaterThan(SESSIONS / 20);
    expect(memory.buffer.byteLength).toBe(sizeAtFirst);
    await page.world.pass(1_000);
    // The shared clock is still running: its timers for the next burst and the end of `synced`, its wake events, its signal.
    expect(page.world.leftovers).toEqual({ ...NOTHING_LEFT, timers: 2, wakeEvents: 1 });
    expect(getEventListeners(page.player.signal, "abort")).toHaveLength(1);
    page.player.abort();
    await page.world.pass(60_000);
    expect(page.world.leftovers).toEqual(NOTHING_LEFT);
    expect(getEventListeners(page.player.signal, "abort")).toEqual([]);
  });
});
