import type { SessionRecord } from "tickseed";
import { beforeEach, expect, type MockInstance, test, vi } from "vitest";

import type { App } from "../../src/app.js";
import type { Seat } from "../../src/board/seat.js";
import type { Shown } from "../../src/player/messages.js";
import type { KnownSession } from "../../src/session/known-session.js";
import type { Bench } from "../../src/verdict/bench.js";
import { askingWords, verdictWords } from "../../src/verdict/words.js";

const machine = vi.hoisted(() => ({ now: 0 }));
vi.mock("../../src/machine-time.js", () => ({ machineNow: () => machine.now }));

const TICK_MS = 100;

/** A bench with players that all show what they should. */
class Scene {
  readonly session = {
    version: "1",
    isGone: false,
    heardMs: Number.POSITIVE_INFINITY,
    record: { revision: 1 },
    isNewerThan: (): boolean => false,
    end: vi.fn(),
  };
  readonly caughtUp = vi.fn();
  readonly bench: Bench;
  readonly seats: readonly Seat[];
  readonly asleep = new Set<string>();

  constructor(make: typeof Bench, names: readonly string[]) {
    this.bench = new make(
      "https://ticks.example",
      this.session as unknown as KnownSession,
      () => undefined,
      this.caughtUp,
    );
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
let page: EventTarget & { visibilityState: string };
let input: EventTarget;

function touch(): void {
  input.dispatchEvent(new Event("pointermove"));
}

function show(visibilityState: string): void {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(async () => {
  vi.restoreAllMocks();
  vi.resetModules();
  machine.now = 1_000_000;
  page = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  input = new EventTarget();
  vi.stubGlobal("addEventListener", input.addEventListener.bind(input));
  vi.stubGlobal("document", page);
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

/** Lets two players play before a visitor whose page can be hidden. Returns how often the server is asked meanwhile. */
function watched(): {
  readonly scene: Scene;
  readonly asked: MockInstance;
  readonly asksWithin: (forMs: number) => Promise<number>;
} {
  vi.spyOn(performance, "now").mockImplementation(() => machine.now);
  show("visible");
  const scene = new Scene(make, ["Anna", "Ben"]);
  scene.session.heardMs = machine.now;
  const asked = vi.spyOn(scene.bench.asking, "ask").mockRejectedValue(new Error("not now"));
  const asksWithin = async (forMs: number): Promise<number> => {
    asked.mockClear();
    for (let ms = 0; ms < forMs; ms += 500) {
      scene.play(500);
      await new Promise(setImmediate);
    }
    return asked.mock.calls.length;
  };
  return { scene, asked, asksWithin };
}

test("after a change the server is asked soon, until an answer could be compared", async () => {
  const { scene, asked, asksWithin } = watched();
  await asksWithin(5_000);
  await scene.ask();
  expect(await asksWithin(5_000)).toBe(0);

  touch();
  scene.session.version = "2";
  scene.session.heardMs = machine.now;
  asked.mockRejectedValue(new Error("not now"));
  expect(await asksWithin(9_500)).toBeGreaterThanOrEqual(2);
  await scene.ask();
  expect(await asksWithin(5_000)).toBe(0);

  touch();
  scene.session.version = "3";
  scene.session.heardMs = machine.now;
  asked.mockRejectedValue(new Error("not now"));
  await asksWithin(31_000);
  touch();
  expect(await asksWithin(20_000), "at the usual pace").toBe(2);
});

test("a verdict in doubt is no reason to ask while nobody watches, nor is a stream that breaks", async () => {
  const { scene, asksWithin } = watched();
  const breakStream = (): void => scene.bench.hear({ type: "error", isClosed: false });
  expect(await asksWithin(45_000)).toBeGreaterThanOrEqual(13);
  breakStream();
  expect(await asksWithin(60_000), "nobody touches the page").toBe(0);
  expect(askingWords(scene.bench)).toContain("Paused: nobody is watching.");

  touch();
  expect(await asksWithin(10_000)).toBeGreaterThanOrEqual(3);
  expect(askingWords(scene.bench)).not.toContain("Paused");

  show("hidden");
  breakStream();
  expect(await asksWithin(10_000), "nobody sees the page").toBe(0);
  expect(askingWords(scene.bench)).toContain("Paused: nobody is watching.");
  await asksWithin(60_000);
  show("visible");
  expect(await asksWithin(10_000), "somebody is back").toBeGreaterThanOrEqual(3);
});

test("a quarrel says that the server is asked only once somebody watches", async () => {
  const { scene, asksWithin } = watched();
  await asksWithin(1_000);
  vi.spyOn(scene.bench, "kind", "get").mockReturnValue("disagree");
  vi.spyOn(scene.bench, "judgement", "get").mockReturnValue({
    ...scene.bench.judgement,
    quarrel: ["Anna", "Ben"],
  });
  expect(scene.verdict.details).toBe("The page is asking the server who is right.");
  show("hidden");
  expect(scene.verdict.details).toBe("The page asks the server who is right once somebody watches again.");
});

test("a page whose stream is blocked reads the session once a player knows more", async () => {
  const { scene, asksWithin } = watched();
  const read = vi.spyOn(scene.bench.asking, "read").mockRejectedValue(new Error("not now"));
  await asksWithin(5_000);
  expect(read).not.toHaveBeenCalled();
  Object.assign(scene.seats[0]?.shown ?? {}, { revision: 2, version: "2" });
  await asksWithin(5_000);
  expect(read.mock.calls.length, "it tries again").toBe(2);
  const record = { revision: 2 } as SessionRecord;
  read.mockResolvedValue(record);
  await asksWithin(3_000);
  expect(scene.caughtUp.mock.calls).toEqual([[record]]);
  scene.session.record = record;
  read.mockClear();
  await asksWithin(20_000);
  expect(read).not.toHaveBeenCalled();
});

test("a deaf player has until after its next request to learn of a change, another one five seconds", () => {
  const { scene } = watched();
  scene.session.heardMs = machine.now - performance.timeOrigin;
  const lacks = (isDeaf: boolean, from: number): Partial<Seat> => ({
    isDeaf,
    reachableSinceMs: 0,
    shown: { version: "0", revision: 0, from } as Shown,
  });
  const [anna, ben] = scene.seats;
  scene.session.isNewerThan = () => true;
  const wrong = (): readonly string[] => scene.bench.culprits.map(({ player }) => player);
  const wait = (forMs: number): void => {
    scene.play(forMs);
    Object.assign(anna ?? {}, lacks(true, machine.now));
    Object.assign(ben ?? {}, lacks(false, machine.now));
    scene.play(300);
  };
  wait(4_000);
  expect(wrong()).toEqual([]);
  wait(2_000);
  expect(wrong()).toEqual(["Ben"]);
  wait(70_000);
  expect(wrong()).toEqual(["Anna", "Ben"]);
});

test("a session that the server no longer has is gone, also where no event says so", async () => {
  const { scene, asked } = watched();
  await scene.ask();
  const gone = Object.assign(new Error("no such session"), { code: "session_not_found" });
  asked.mockRejectedValue(gone);
  await scene.bench.ask();
  expect(scene.session.end).toHaveBeenCalled();
  expect(scene.bench.silentSince).toBeUndefined();
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
    headline: "Not known: the only player awake has not been compared lately",
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
