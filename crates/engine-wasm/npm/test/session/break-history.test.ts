/**
 * Random sessions: whatever is learned late, and however long the page sleeps, the breaks that were reported and not taken back are
 * those of the session as it is finally known.
 */
import { describe, expect, it } from "vitest";

import { type Break, type CatchUp, type LiveSession, type SessionRecord, Timeline } from "../../src/index.js";
import { Rng } from "../../src/testing/virtual/random.js";
import { HttpWorld, NOON, RECORD } from "../world/http-world.js";

const START = NOON + 3_000;
const GUARD_MS = 1_000;
const SEEDS = 30;
const TURNS = 40;

/** What a program knows of the breaks if it follows the events. */
class History {
  /** The breaks that were reported and not taken back, and how many of them are settled. */
  readonly told: Break[] = [];
  settled = 0;
  takenBack = 0;

  constructor(session: LiveSession) {
    session.on("break", (happened) => {
      expect(happened.step).toBeGreaterThan(this.told.at(-1)?.step ?? 0);
      expect(happened.behindMs).toBeGreaterThanOrEqual(0);
      this.told.push(happened);
    });
    session.on("breakSettled", ({ step, at, isSettled }) => {
      expect(step).toBe(this.told[this.settled]?.step);
      expect(isSettled).toBe(true);
      expect(at).toBe(session.timeline.timeOf(step));
      this.settled += 1;
    });
    session.on("changed", ({ breaksTakenBack }) => this.#takeBack(breaksTakenBack));
    session.on("stopped", ({ breaksTakenBack }) => this.#takeBack(breaksTakenBack));
  }

  #takeBack(breaks: readonly Break[]): void {
    const kept = this.told.length - breaks.length;
    expect(this.told.splice(kept), "the last ones, in order").toEqual(breaks);
    expect(kept, "none that is settled").toBeGreaterThanOrEqual(this.settled);
    this.takenBack += breaks.length;
  }
}

/** A session whose schedule changes at random, and the network and machine of one page. */
class Story {
  readonly world = new HttpWorld();
  readonly #rng: Rng;
  readonly #noticeMs: number;

  constructor(seed: string, noticeMs: number) {
    this.#rng = new Rng(seed);
    this.#noticeMs = noticeMs;
  }

  /** Lets something happen, and time pass. */
  async turn(): Promise<void> {
    const { server } = this.world;
    const happen = this.#rng.pick([
      () => this.#change(),
      () => this.#change(),
      () => this.#withdraw(),
      () => this.#goOffline(),
      () => this.#settle(),
      () => this.world.sleep(Math.floor(this.#rng.betweenLog(100, 30_000))),
      () => {
        server.backMs = this.#rng.betweenLog(1, 3_000);
      },
    ]);
    await happen();
    await this.world.pass(this.#rng.betweenLog(1, 8_000));
    if (this.#rng.chance(0.2)) {
      server.reach = "answers";
    }
  }

  /** Stops the session as early as that is possible. */
  stop(): void {
    this.world.server.reach = "answers";
    this.world.server.stop(this.#earliest);
  }

  get #record(): SessionRecord {
    return this.world.server.records.get(RECORD.id) as SessionRecord;
  }

  /** When the next change may take effect. */
  get #earliest(): number {
    const { server } = this.world;
    return Math.max(Math.ceil(server.now) + (this.#noticeMs > 0 ? this.#noticeMs + GUARD_MS : 0), START + 1);
  }

  #settle(): void {
    if (this.#noticeMs > 0) {
      this.world.server.settle(Math.floor(this.world.server.now) + this.#noticeMs);
    }
  }

  #goOffline(): void {
    const { server } = this.world;
    server.reach = "unreachable";
    for (const stream of server.streams) {
      stream.breakOff();
    }
  }

  /** Pauses, resumes, or changes the rate. */
  #change(): void {
    const changes = this.#changes();
    const [before, last] = [changes.at(-2)?.[1] ?? RECORD.tick_ms, changes.at(-1)];
    const from = Math.max(this.#earliest, (last?.[0] ?? 0) + 1);
    const at = from + Math.floor(this.#rng.betweenLog(1, 5_000));
    if (last?.[1] === 0) {
      this.world.server.change([...changes, [at, before]]);
    } else if (this.#rng.chance(0.5)) {
      this.world.server.change([...changes, [at, 0]]);
    } else {
      const timeline = new Timeline({ ...this.#record, stopped_at: null });
      const tickMs = (last?.[1] ?? RECORD.tick_ms) === 100 ? 70 : 100;
      this.world.server.change([...changes, [timeline.timeOf((timeline.stepAt(at) ?? 0) + 1), tickMs]]);
      timeline.free();
    }
  }

  /** Withdraws all changes that are far enough ahead. */
  #withdraw(): void {
    const changes = this.#changes();
    const kept = changes.filter(([at]) => at < this.#earliest);
    if (kept.length < changes.length) {
      this.world.server.change(kept);
    }
  }

  #changes(): (readonly [at: number, tickMs: number])[] {
    return (this.#record.schedule ?? []).map((change) => [
      Date.parse(change.at),
      "tick_ms" in change ? (change.tick_ms ?? 0) : 0,
    ]);
  }
}

/** Returns the steps of all breaks of a session up to an instant. */
function breaksUntil(record: SessionRecord, now: number): number[] {
  const timeline = new Timeline(record);
  const last = timeline.stepAt(now) ?? 0;
  const steps: number[] = [];
  for (let step = timeline.nextBreak(0); step <= last; step = timeline.nextBreak(step)) {
    steps.push(step);
  }
  timeline.free();
  return steps;
}

/** Plays a random session to its end. Returns how many breaks were reported, settled before the end, and taken back. */
async function play(seed: string, noticeMs: number): Promise<readonly [number, number, number]> {
  const story = new Story(seed, noticeMs);
  const { world } = story;
  const rules = { break_interval: { min: 1, max: 12 }, rounds_per_epoch: 2 };
  const catchUp = (["recent", "all", "latest"] as const)[seed.length % 3] as CatchUp;
  const session = await world.connect(world.server.store({ notice_ms: noticeMs, rules }), { catchUp });
  const history = new History(session);
  session.on("tick", () => undefined);
  for (let count = 0; count < TURNS; count += 1) {
    await story.turn();
  }
  const settledBefore = history.settled;
  story.stop();
  world.server.backMs = 10;
  await world.pass(180_000);
  const { record } = session;
  // The server computes the status when it answers.
  expect({ ...record, status: undefined }).toEqual({
    ...world.server.records.get(RECORD.id),
    status: undefined,
  });
  const steps = history.told.map(({ step }) => step);
  expect(steps).toEqual(breaksUntil(record, world.now));
  expect(history.settled, "a stop that is final settles all").toBe(steps.length);
  session.close();
  return [steps.length, settledBefore, history.takenBack];
}

describe("the breaks that were reported and not taken back are those of the session in the end", () => {
  it.each([
    ["without a notice", 0],
    ["with a notice of 1 s", 1_000],
    ["with a notice of 4 s", 4_000],
  ])("%s", async (_name, noticeMs) => {
    const totals = [0, 0, 0];
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const counts = await play(`${noticeMs}${"x".repeat(seed % 3)} ${seed}`, noticeMs);
      for (const [index, count] of counts.entries()) {
        totals[index] = (totals[index] ?? 0) + count;
      }
    }
    const [told, settledBefore, takenBack] = totals;
    expect(told).toBeGreaterThan(SEEDS * 20);
    expect(takenBack, "otherwise the test shows nothing").toBeGreaterThan(10);
    expect(settledBefore)[noticeMs > 0 ? "toBeGreaterThan" : "toBe"](noticeMs > 0 ? SEEDS * 10 : 0);
  });
});
