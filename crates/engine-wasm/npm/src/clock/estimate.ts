/**
 * The server's time as far as it can be known, from exchanges and the machine's clocks. Asks nobody and waits for nothing.
 */
import { Grain } from "./grain.js";
import { clamp, hull, type Interval, intersect, middle } from "./interval.js";
import type { Exchange, TimeSource } from "./ports.js";
import { fitTracks } from "./rate.js";
import { Shown } from "./shown.js";
import { Track } from "./track.js";

/** What a clock says. */
export interface ClockReading {
  /** The server's time, in milliseconds since the Unix epoch, with a fraction. Never goes backward. */
  readonly now: number;
  /** By how much `now` may be wrong at most, in milliseconds. */
  readonly errorMs: number;
  /** Whether the server was heard lately, and nothing has happened since that may have upset the clock. */
  readonly synced: boolean;
}

/** So far the machine's two clocks may part from one look to the next without having been set or stopped, in ms. */
const PARTED_MS = 25;
/** And this much more for each millisecond between the looks: either may be slewed. */
const PARTED_RATE = 0.001;
/** Two readings so close together, in milliseconds, are of one moment. */
const AT_ONCE_MS = 2;
/** A machine that is interrupted more often than this between two readings cannot be helped. */
const MOST_TRIES = 3;
/** How wrong the time that a machine believes to have slept may be: the clock that runs meanwhile often counts seconds. */
const SLEPT_ERROR_MS = 2_000;
/** And for each millisecond of it. */
const SLEPT_ERROR_RATE = 0.001;
/** No machine sleeps shorter than this, in milliseconds, unless the wall clock tells of a shorter sleep. */
const SHORTEST_SLEEP_MS = 1_000;
/** What parts the clocks is a sleep but for what they drift apart meanwhile. */
const NEARLY_ALL = 0.9;
/** For how long a server that has answered counts, in milliseconds. */
const SERVER_COUNTS_MS = 60_000;
/** For how long a server counts as heard lately, in milliseconds: a little more than the pause between bursts. */
const LATELY_MS = 45_000;
/** How old evidence may be, in milliseconds. */
const EVIDENCE_MS = 900_000;

/** One look at the machine's clocks. */
interface Look {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** What was known before the clocks were upset. */
interface Before {
  readonly tracks: readonly Track[];
  /** For how long the monotonic clock may have stood still since, at most. */
  readonly sleptMs: number;
  /** If it has stood still at all, then for this long at least. */
  readonly leastSleepMs: number;
}

/** An estimate of the server's time. */
export class Estimate {
  readonly #time: TimeSource;
  readonly #monotonicGrain = new Grain();
  readonly #wallGrain = new Grain();
  /** What offsets are counted from. Known since the first exchange. */
  #origin: number | undefined;
  /** Of the servers that have answered since the clocks were upset last. */
  #tracks: Track[] = [];
  /** From before. They tell nothing of the offset any more, but still of the drift. */
  #past: Track[] = [];
  /** The drift that fits best. */
  #drift = 0;
  #shown: Shown | undefined;
  #look: Look;
  /** How often the clocks were upset. */
  #upsets = 0;
  /** For how long the monotonic clock has stood still for certain. */
  #sleptMs = 0;
  /** Whether what is shown follows what was heard since. */
  #isSettled = false;
  /** What is left to believe while nobody has answered since. */
  #before: Before | undefined;

  constructor(time: TimeSource) {
    this.#time = time;
    this.#look = { monotonicMs: time.monotonicMs(), wallMs: time.wallMs() };
  }

  /** How often the clocks were upset so far. An exchange during which that happens is worthless. */
  get upsets(): number {
    this.#lookAgain();
    return this.#upsets;
  }

  /** For how long the monotonic clock has stood still, as far as exchanges have shown. */
  get sleptMs(): number {
    return this.#sleptMs;
  }

  /** For how long it may have stood still besides, as far as the wall clock can be believed. */
  get perhapsSleptMs(): number {
    return this.#before?.sleptMs ?? 0;
  }

  /** Whether the server was heard within some time, and the clocks were not upset since. */
  hasHeardWithin(ms: number): boolean {
    return this.#hasHeardSince(this.#lookAgain().monotonicMs - ms);
  }

  #hasHeardSince(monotonicMs: number): boolean {
    return this.#isSettled && this.#heardMs() >= monotonicMs;
  }

  /** Whether there is an estimate: {@link Estimate.settle} was called after an exchange. */
  get isReady(): boolean {
    return this.#shown !== undefined;
  }

  /** What the clock says now. Before there is an estimate nothing is known. */
  read(): ClockReading | undefined {
    const { monotonicMs } = this.#lookAgain();
    if (this.#shown === undefined) {
      return undefined;
    }
    const shown = this.#shown.at(monotonicMs);
    const truth = this.#truth(monotonicMs);
    return {
      now: (this.#origin ?? 0) + shown,
      errorMs: Math.max(shown - truth.low, truth.high - shown),
      synced: this.#hasHeardSince(monotonicMs - LATELY_MS),
    };
  }

  /** Notes that the clocks may have been upset without a trace. */
  upset(): void {
    this.#lookAgain();
    this.#upset(0, 0);
  }

  /**
   * Takes in an exchange during which the clocks were not upset.
   *
   * @param isEvidence Whether the estimate may rest on it: not the first over a connection, which was made meanwhile.
   */
  add(exchange: Exchange, isEvidence: boolean): void {
    this.#monotonicGrain.note(exchange.askedMs);
    this.#monotonicGrain.note(exchange.answeredMs);
    this.#origin ??= Math.round(exchange.receivedMs - exchange.askedMs);
    const alone = new Track(exchange.server, this.#origin);
    alone.add(exchange, isEvidence);
    const bounds = alone.bounds(exchange.answeredMs, this.#monotonicGrain.ms);
    if (bounds.low > bounds.high) {
      // The server took longer than all of it: its clock was set meanwhile.
      return;
    }
    this.#learnOfUpset(bounds, exchange.answeredMs);
    const known = this.#tracks.find(({ server }) => server === exchange.server);
    if (known === undefined) {
      this.#tracks = [...this.#tracks, alone];
      return;
    }
    const grainMs = this.#monotonicGrain.ms;
    if (intersect(known.bounds(exchange.answeredMs, grainMs), alone.bounds(exchange.answeredMs, grainMs))) {
      known.add(exchange, isEvidence);
    } else {
      // The server's clock was set, or another server has its name. The latest exchange is right by itself.
      this.#past = [...this.#past, known];
      this.#tracks = this.#tracks.map((track) => (track === known ? alone : track));
    }
  }

  /** Has what is shown follow what the exchanges so far tell. */
  settle(): void {
    const { monotonicMs } = this.#lookAgain();
    if (this.#tracks.length === 0) {
      return;
    }
    this.#forget(monotonicMs);
    const { drift, offsetOf } = fitTracks(
      [...this.#past, ...this.#tracks],
      monotonicMs,
      this.#monotonicGrain.ms,
    );
    const offsets = this.#tracks.map(offsetOf);
    // In the middle between the servers whose clocks differ most.
    const aim = middle({ low: Math.min(...offsets), high: Math.max(...offsets) });
    const offset = clamp(aim, this.#bounds(this.#tracks, monotonicMs));
    this.#drift = drift;
    const line = { offset: offset - drift * monotonicMs, drift };
    this.#shown ??= new Shown(line, monotonicMs);
    this.#shown.follow(line, monotonicMs);
    this.#isSettled = true;
  }

  /** The same in a hurry, after an upset: what is shown moves no farther than to where it may be right. */
  settleIfWrong(): void {
    const { monotonicMs } = this.#lookAgain();
    if (this.#shown !== undefined && this.#tracks.length > 0) {
      const shown = this.#shown.at(monotonicMs);
      const right = clamp(shown, this.#truth(monotonicMs));
      if (right !== shown) {
        const drift = this.#drift;
        this.#shown.follow({ offset: right - (1 + drift) * monotonicMs, drift }, monotonicMs);
      }
      this.#isSettled = true;
    }
  }

  /** Where the server's time lies for certain, less the origin. */
  #truth(monotonicMs: number): Interval {
    const { tracks, sleptMs } = this.#before ?? { tracks: this.#tracks, sleptMs: 0 };
    const { low, high } = this.#bounds(tracks, monotonicMs);
    const grainMs = this.#monotonicGrain.ms;
    return { low: monotonicMs - grainMs + low, high: monotonicMs + grainMs + high + sleptMs };
  }

  /** Where the offsets of all servers that count lie. */
  #bounds(tracks: readonly Track[], monotonicMs: number): Interval {
    const grainMs = this.#monotonicGrain.ms;
    return tracks.map((track) => track.bounds(monotonicMs, grainMs)).reduce(hull);
  }

  /** After the clocks were upset, the first answer tells whether the monotonic one has stood still, and for how long. */
  #learnOfUpset({ low, high }: Interval, monotonicMs: number): void {
    if (this.#before === undefined) {
      return;
    }
    const { tracks, leastSleepMs } = this.#before;
    const bounds = this.#bounds(tracks, monotonicMs);
    this.#sleptMs += Math.max(0, low - bounds.high);
    if (low <= bounds.high && high - bounds.low < leastSleepMs) {
      // It went on: somebody has set the wall clock. All that was known still holds.
      this.#tracks = [...tracks];
    } else {
      this.#past = [...this.#past, ...tracks];
    }
    this.#before = undefined;
  }

  #heardMs(): number {
    return Math.max(...this.#tracks.map(({ heardMs }) => heardMs));
  }

  /** Forgets servers that others have taken the place of, and evidence that is old. */
  #forget(monotonicMs: number): void {
    const heardMs = this.#heardMs();
    const counts = (track: Track): boolean => heardMs - track.heardMs <= SERVER_COUNTS_MS;
    this.#past = [...this.#past, ...this.#tracks.filter((track) => !counts(track))];
    this.#tracks = this.#tracks.filter(counts);
    for (const track of [...this.#past, ...this.#tracks]) {
      track.forgetBefore(monotonicMs - EVIDENCE_MS);
    }
    this.#past = this.#past.filter(({ samples }) => samples.length > 1);
  }

  /** Reads the machine's clocks, and notices if one of them was set or stood still since the last look. */
  #lookAgain(): Look {
    const look = this.#readBoth();
    const passed = look.monotonicMs - this.#look.monotonicMs;
    const parted = look.wallMs - this.#look.wallMs - passed;
    // A browser rounds both clocks alike, and cuts the wall clock to whole milliseconds besides.
    const grainMs = this.#monotonicGrain.ms;
    const grains = 2 * (grainMs + Math.max(grainMs, this.#wallGrain.ms));
    this.#look = look;
    if (Math.abs(parted) > PARTED_MS + grains + PARTED_RATE * Math.max(0, passed)) {
      // The wall clock went further: it was set, or the other one stood still while the machine slept.
      this.#upset(parted, grains + SLEPT_ERROR_MS + SLEPT_ERROR_RATE * Math.max(0, parted));
    }
    return look;
  }

  /** Reads both clocks at one moment: again, if something came between. */
  #readBoth(): Look {
    for (let tries = 1; ; tries += 1) {
      const before = this.#time.monotonicMs();
      const wallMs = this.#time.wallMs();
      const monotonicMs = this.#time.monotonicMs();
      this.#monotonicGrain.note(before);
      this.#monotonicGrain.note(monotonicMs);
      this.#wallGrain.note(wallMs);
      if (monotonicMs - before <= AT_ONCE_MS + this.#monotonicGrain.ms || tries === MOST_TRIES) {
        return { monotonicMs, wallMs };
      }
    }
  }

  #upset(parted: number, slackMs: number): void {
    this.#upsets += 1;
    this.#isSettled = false;
    const before = this.#before ?? { tracks: this.#tracks, sleptMs: 0, leastSleepMs: SHORTEST_SLEEP_MS };
    if (before.tracks.length > 0) {
      const least = parted > 0 ? NEARLY_ALL * parted : SHORTEST_SLEEP_MS;
      this.#before = {
        tracks: before.tracks,
        sleptMs: before.sleptMs + Math.max(0, parted) + slackMs,
        leastSleepMs: Math.min(before.leastSleepMs, least),
      };
    }
    this.#tracks = [];
  }
}
