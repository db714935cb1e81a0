import { beforeEach, expect, test, vi } from "vitest";

import type { App } from "../../src/app.js";
import type { Seat } from "../../src/board/seat.js";
import type { Shown } from "../../src/player/messages.js";
import type { KnownSession } from "../../src/session/known-session.js";
import type { Bench } from "../../src/verdict/bench.js";
import { verdictWords } from "../../src/verdict/words.js";

const machine = vi.hoisted(() => ({ now: 0 }));
vi.mock("../../src/machine-time.js", () => ({ machineNow: () => machine.now }));

const TICK_MS = 100;

/** A bench with players that all show what they should. */
class Scene {
  readonly session = { version: "1", isGone: false, heardMs: Number.POSITIVE_INFINITY };
  readonly bench: Bench;
  readonly seats: readonly Seat[];
  readonly asleep = new Set<string>();

  constructor(make: typeof Bench, names: readonly string[]) {
    this.bench = new make("https://ticks.example", this.session as KnownSession, () => undefined);
    const { asleep } = this;
    this.seats = names.map((name) => {
      const seat = {
        id: name,
        name,
        shown: {},
        joinedInMs: 0,
        startedMs: 0,
        get isAsleep() {
          return asleep.has(name);
        },
      };
      return seat as unknown as Seat;
    });
    this.bench.seats = this.seats;
  }

  /** Lets everybody who is awake play on. */
  play(forMs: number, errorMs = 5): void {
    for (const until = machine.now + forMs; machine.now < until; machine.now += TICK_MS) {
      for (const seat of this.seats.filter(({ isAsleep }) => !isAsleep)) {
        this.bench.see(seat, {
          ...this.#sight(machine.now),
          started: true,
          errorMs,
          from: machine.now,
          heldMs: TICK_MS,
        } as unknown as Shown);
      }
      this.bench.tick();
    }
  }

  /** Lets the server answer about a moment ago, from a version of the session. */
  async ask(version = this.session.version): Promise<void> {
    const at = machine.now - 2.5 * TICK_MS;
    const sight = { ...this.#sight(at), version, errorMs: 5 };
    vi.spyOn(this.bench.asking, "ask").mockResolvedValue({ at, sight });
    await this.bench.ask();
    this.play(500);
  }

  get verdict(): { kind: string; headline: string; details: string } {
    const app = { seats: this.seats, session: this.session } as unknown as App;
    return { kind: this.bench.kind, ...verdictWords(app, this.bench) };
  }

  #sight(at: number): { step: number; value: number; round: number; broken: boolean; version: string } {
    const step = Math.floor(at / TICK_MS);
    return { step, value: step, round: 0, broken: false, version: this.session.version };
  }
}

let make: typeof Bench;

beforeEach(async () => {
  vi.restoreAllMocks();
  machine.now = 1_000_000;
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("document", { visibilityState: "hidden" });
  ({ Bench: make } = await import("../../src/verdict/bench.js"));
});

test("an answer that was compared with nobody is no agreement", async () => {
  const scene = new Scene(make, ["Anna", "Ben"]);
  scene.play(3_000);
  await scene.ask("0");
  expect(scene.verdict.kind).toBe("unknown");
  await scene.ask();
  expect(scene.verdict).toMatchObject({ kind: "agree", headline: "Both players are in step" });
  expect(scene.verdict.details).toContain("and the server agrees");
});

test("the server agrees for 30 s; then the players agree with each other only", async () => {
  const scene = new Scene(make, ["Anna", "Ben", "Chloe"]);
  scene.play(3_000);
  await scene.ask();
  scene.play(29_000);
  expect(scene.verdict.details).toContain("and the server agrees");
  scene.play(2_000);
  expect(scene.verdict).toMatchObject({ kind: "agree", headline: "All 3 players agree with each other" });
  expect(scene.verdict.details).not.toContain("the server agrees");
  expect(scene.verdict.details).toMatch(/The server was last compared at \d\d:\d\d:\d\d\./);
});

test("a comparison of an earlier version of the session says nothing about the present one", async () => {
  const scene = new Scene(make, ["Anna", "Ben"]);
  scene.play(3_000);
  await scene.ask();
  scene.session.version = "2";
  scene.play(3_000);
  expect(scene.verdict).toMatchObject({ kind: "agree", headline: "Both players agree with each other" });
  expect(scene.verdict.details).toMatch(/last compared at [\d:]+, before the latest change\./);
  await scene.ask();
  expect(scene.verdict.details).toContain("and the server agrees");
});

test("after a change the server is asked soon, also where nobody watches, until an answer could be compared", async () => {
  vi.stubGlobal("document", { visibilityState: "visible" });
  vi.spyOn(performance, "now").mockImplementation(() => machine.now);
  const scene = new Scene(make, ["Anna", "Ben"]);
  scene.session.heardMs = machine.now;
  const asked = vi.spyOn(scene.bench.asking, "ask").mockRejectedValue(new Error("not now"));
  /** Returns how often the server is asked meanwhile. */
  const asksWithin = async (forMs: number): Promise<number> => {
    asked.mockClear();
    for (let ms = 0; ms < forMs; ms += 500) {
      scene.play(500);
      await new Promise(setImmediate);
    }
    return asked.mock.calls.length;
  };
  await asksWithin(50_000);
  await scene.ask();
  expect(await asksWithin(20_000)).toBe(0);

  scene.session.version = "2";
  scene.session.heardMs = machine.now;
  asked.mockRejectedValue(new Error("not now"));
  expect(await asksWithin(9_000)).toBeGreaterThanOrEqual(2);
  await scene.ask();
  expect(await asksWithin(20_000)).toBe(0);

  scene.session.version = "3";
  scene.session.heardMs = machine.now;
  asked.mockRejectedValue(new Error("not now"));
  await asksWithin(31_000);
  expect(await asksWithin(20_000)).toBe(0);
});

test("the only player awake is in step with the server, and named", async () => {
  const scene = new Scene(make, ["Anna", "Ben"]);
  scene.play(3_000);
  scene.asleep.add("Ben");
  scene.play(5_000);
  await scene.ask();
  expect(scene.verdict).toMatchObject({ kind: "agree", headline: "Anna is in step with the server" });
  expect(scene.verdict.details).toContain("Ben sleeps.");
  scene.play(31_000);
  expect(scene.verdict).toMatchObject({
    kind: "unknown",
    headline: "Not known: the only player awake has to be compared",
  });
});

test("where nobody can be compared, nothing is known, and the words say why", async () => {
  const scene = new Scene(make, ["Anna", "Ben"]);
  scene.play(3_000);
  await scene.ask();
  scene.play(5_000, 43_200_000);
  expect(scene.verdict).toMatchObject({
    kind: "unknown",
    headline: "Not known: no two players can be compared at the moment",
  });
  expect(scene.verdict.details).toContain("Anna and Ben cannot be compared at the moment.");
  scene.asleep.add("Anna").add("Ben");
  scene.play(5_000);
  expect(scene.verdict).toMatchObject({
    kind: "unknown",
    headline: "Not known: no player shows anything at the moment",
  });
});
