/** When clients try again, alone and together. */
import { describe, expect, it } from "vitest";
import { mayPass, RetryPauses, retryAfterMs } from "../../src/http/retry.js";
import { retrying } from "../../src/http/retrying.js";
import { Clock, ServerError, SessionError } from "../../src/index.js";
import { Agenda } from "../../src/testing/virtual/agenda.js";
import { randomFrom } from "../../src/testing/virtual/random.js";

const WINDOWS = { firstMs: 1_000, longestMs: 8_000 };
const busy = (seconds?: number): ServerError =>
  new ServerError({ type: "", title: "", detail: "busy", code: "store_unavailable", status: 503 }, seconds);

describe("the pauses of one client", () => {
  it("fall anywhere into windows that follow each other, and double up to the longest", () => {
    const attempts = (random: number): number[] => {
      const pauses = new RetryPauses(WINDOWS, () => random);
      let at = 0;
      return Array.from({ length: 6 }, () => {
        at += pauses.next();
        return at;
      });
    };
    expect(attempts(0)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 23_000]);
    expect(attempts(1)).toEqual([1_000, 3_000, 7_000, 15_000, 23_000, 31_000]);
  });

  it("begin again after a success", () => {
    const pauses = new RetryPauses(WINDOWS, () => 0.5);
    expect([pauses.next(), pauses.next(), pauses.count]).toEqual([500, 1_500, 2]);
    pauses.reset();
    expect([pauses.count, pauses.next()]).toEqual([0, 500]);
  });

  it("are as long as the server asks for, and spread over as much again", () => {
    const first = (random: number): number => new RetryPauses(WINDOWS, () => random).next(busy(30));
    expect([first(0), first(0.5), first(1)]).toEqual([30_000, 45_000, 60_000]);
  });

  it("are ordinary again after one that the server asked for", () => {
    const pauses = new RetryPauses(WINDOWS, () => 0.1);
    expect(pauses.next(busy(3_600))).toBe(3_960_000);
    // The rest of a window of 1 s, and a tenth of one of 2 s.
    expect(pauses.next()).toBe(1_200);
  });

  it("are at most two hours, because longer timers run at once", () => {
    expect(new RetryPauses(WINDOWS, () => 1).next(busy(10 ** 12))).toBe(7_200_000);
    expect(retryAfterMs(new Error("other"))).toBe(0);
  });
});

describe("an error may pass", () => {
  it.each([408, 429, 500, 502, 503, 504])("with status %i", (status) => {
    expect(new ServerError({ ...busy().problem, status }, undefined).mayPass).toBe(true);
  });

  it.each([400, 401, 403, 404, 409, 410, 412, 422])("but not with status %i", (status) => {
    expect(new ServerError({ ...busy().problem, status }, undefined).mayPass).toBe(false);
  });

  it.each([
    ["unreachable", true],
    ["timeout", true],
    ["bad_answer", true],
    ["closed", false],
    ["not_an_address", false],
    ["other_clock", false],
    ["not_ready", false],
    ["unknown_event", false],
  ] as const)("as `%s` says: %s", (code, expected) => {
    expect(new SessionError(code, "").mayPass).toBe(expected);
  });

  it("only if it says so", () => {
    expect([undefined, null, "no", new Error("no")].map(mayPass)).toEqual([false, false, false, false]);
  });
});

const CLIENTS = 10_000;
const SECOND_MS = 1_000;
/** Reactions to promises run one after another. */
const ROUNDS_OF_REACTIONS = 20;

/** The largest number of requests within any second. Seconds begin at each request. */
function mostInASecond(times: readonly number[]): number {
  const sorted = [...times].sort((one, other) => one - other);
  let most = 0;
  let from = 0;
  sorted.forEach((at, index) => {
    while (at - (sorted[from] ?? at) >= SECOND_MS) {
      from += 1;
    }
    most = Math.max(most, index - from + 1);
  });
  return most;
}

/**
 * How much busier the busiest second is than the average one: the most requests in any second of a retry window, divided by those of
 * a second if the same requests were spread evenly over the window.
 */
function herding(times: readonly number[], fromMs: number, windowMs: number): number {
  const within = times.filter((at) => at >= fromMs && at < fromMs + windowMs);
  return mostInASecond(within) / (within.length / (windowMs / SECOND_MS));
}

/** A server that is away until it is back, and notes the requests that reach it after that. */
class RestartingServer {
  readonly agenda = new Agenda();
  readonly requests: number[] = [];
  readonly #backAtMs: number;

  constructor(backAtMs: number) {
    this.#backAtMs = backAtMs;
  }

  request<Answer>(answer: () => Answer): Promise<Answer> {
    const { now } = this.agenda;
    if (now < this.#backAtMs) {
      return Promise.reject(new SessionError("unreachable", "connection refused"));
    }
    this.requests.push(now);
    return new Promise((resolve) => {
      this.agenda.in(20, () => resolve(answer()));
    });
  }

  get timers(): { set(run: () => void, delayMs: number): () => void } {
    return { set: (run, delayMs) => this.agenda.in(delayMs, run) };
  }

  /** Lets time pass. Much faster than `Agenda.pass`, which waits for the event loop. */
  async passUntil(endMs: number): Promise<void> {
    this.agenda.at(endMs, () => undefined);
    do {
      for (let round = 0; round < ROUNDS_OF_REACTIONS; round += 1) {
        await null;
      }
    } while (this.agenda.doNext(endMs + 1e-6));
  }
}

describe(`${CLIENTS} clients after a restart of the server never exceed 1.5 times the even rate`, () => {
  it.each([
    // The retry window in which the server is back: each begins where the one before ends.
    ["within the first second", 300, 300, 700],
    ["after 4 s", 4_000, 4_000, 3_000],
    ["after a minute", 61_000, 61_000, 15_000],
  ])(
    "if they all failed to connect at the same moment, and it is back %s",
    async (_when, backAtMs, fromMs, windowMs) => {
      const server = new RestartingServer(backAtMs);
      const { agenda, timers } = server;
      const random = randomFrom("connecting");
      const time = { monotonicMs: () => agenda.now, wallMs: () => agenda.now };
      const platform = { time, timers, random, wakeEvents: () => () => undefined };
      let connected = 0;
      for (let client = 0; client < CLIENTS; client += 1) {
        void retrying(() => server.request(() => "connected"), {
          platform,
          signal: undefined,
          failed: () => undefined,
        }).then(() => {
          connected += 1;
        });
      }
      await server.passUntil(backAtMs + 31_000);
      expect(connected).toBe(CLIENTS);
      expect(agenda.now).toBeGreaterThan(backAtMs);
      if (windowMs >= SECOND_MS) {
        expect(herding(server.requests, fromMs, windowMs)).toBeLessThan(1.5);
      } else {
        // Less than a second of the window is left: no more than each client once.
        expect(mostInASecond(server.requests)).toBeLessThanOrEqual(CLIENTS);
      }
    },
  );

  it("if their clocks were running, and it was away for a minute", async () => {
    const [awayMs, windowMs] = [60_000, 15_000];
    const server = new RestartingServer(awayMs);
    const { agenda, timers } = server;
    const random = randomFrom("clocks");
    const ask = () =>
      server.request(() => ({
        askedMs: agenda.now - 20,
        receivedMs: agenda.now - 10,
        sentMs: agenda.now - 10,
        answeredMs: agenda.now,
        server: "one",
      }));
    const time = { monotonicMs: () => agenda.now, wallMs: () => agenda.now };
    const clocks: Clock[] = [];
    for (let client = 0; client < CLIENTS; client += 1) {
      agenda.in(random() * 32_000, () => clocks.push(new Clock({ time, timers, random, ask })));
    }
    await server.passUntil(awayMs + windowMs);
    expect(herding(server.requests, awayMs, windowMs)).toBeLessThan(1.5);
    await server.passUntil(awayMs + 2 * windowMs + 1_000);
    expect(clocks.every(({ isReady }) => isReady)).toBe(true);
    for (const clock of clocks) {
      clock.close();
    }
  });
});
