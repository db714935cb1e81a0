/** Estimates the server's time from exchanges and the machine's clocks. Sends no requests and waits for nothing. */

import type { Exchange, TimeSource } from "./inputs.js";
import { clamp, hull, type Interval, intersect, middle } from "./interval.js";
import type { fitTracks } from "./rate.js";
import { Resolution } from "./resolution.js";
import { SlewedTime } from "./slewing.js";
import { Track } from "./track.js";
import { WallNoise } from "./wall-noise.js";

/** A reading of a clock. */
export interface ClockReading {
  /** The server's time, in milliseconds since the Unix epoch, with a fraction. Never goes backward. */
  readonly now: number;
  /** The maximum error of `now`, in milliseconds. */
  readonly errorMs: number;
  /** Whether the server has responded recently, and nothing has disrupted the clock since. */
  readonly synced: boolean;
}

/** How far the machine's two clocks may diverge between two checks without having been set or stopped, in milliseconds. */
const DIVERGENCE_MS = 25;
/** The additional divergence for each millisecond between the checks: either clock may be slewed. */
const DIVERGENCE_RATE = 0.001;
/** Two readings this close together, in milliseconds, count as simultaneous. */
const SIMULTANEOUS_MS = 2;
/** How often to read both clocks again if something interrupts the readings. */
const MOST_TRIES = 3;
/** The error of a machine's own measure of a sleep, in milliseconds: the clock that runs in sleep often counts seconds. */
const SLEPT_ERROR_MS = 2_000;
/** The additional error for each millisecond of sleep. */
const SLEPT_ERROR_RATE = 0.001;
/** The shortest sleep, in milliseconds, unless the wall clock indicates a shorter one. */
const SHORTEST_SLEEP_MS = 1_000;
/** The part of a divergence that must be sleep; the rest may be drift. */
const SLEEP_PART = 0.9;
/** How long a server counts after a response, in milliseconds. */
const SERVER_COUNTS_MS = 60_000;
/** How long a response keeps the clock synced, in milliseconds: a little longer than the pause between bursts. */
const RECENT_MS = 45_000;
/** The maximum age of evidence, in milliseconds. */
const EVIDENCE_MS = 900_000;

/** Weighs the evidence. Until that part of the program is loaded, the middle of the bounds has to do. */
let weigh: typeof fitTracks = (_tracks, nowMs, resolutionMs) => ({
  drift: 0,
  offsetOf: (track) => middle(track.bounds(nowMs, resolutionMs)),
});
let loading: Promise<void> | undefined;

/** Loads the part of the program that weighs the evidence, which the first reading does not need. Never rejects. */
export function loadFit(): Promise<void> {
  loading ??= import("./rate.js").then(
    (rate) => {
      weigh = rate.fitTracks;
    },
    () => {
      // Without it the clock is less exact, but its bound holds. The next clock tries again.
      loading = undefined;
    },
  );
  return loading;
}

/** A simultaneous reading of the machine's clocks. */
interface ClockPair {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** The knowledge from before a disruption. */
interface Before {
  readonly tracks: readonly Track[];
  /** The longest time that the monotonic clock may have stood still since. */
  readonly sleptMs: number;
  /** The shortest time, if it has stood still at all. */
  readonly leastSleepMs: number;
}

/** An estimate of the server's time. */
export class Estimate {
  readonly #time: TimeSource;
  readonly #monotonicResolution = new Resolution();
  readonly #wallResolution = new Resolution();
  /** That of the exchanges. Extensions that round the clock of a page leave the browser's own stamps as they are. */
  readonly #stampResolution = new Resolution();
  readonly #wallNoise = new WallNoise();
  /** The origin of offsets, set by the first exchange. */
  #origin: number | undefined;
  /** The servers that have responded since the last disruption. */
  #tracks: Track[] = [];
  /** Tracks from before it. They are evidence only for the drift, no longer for the offset. */
  #past: Track[] = [];
  /** The best fit of the drift. */
  #drift = 0;
  #slewed: SlewedTime | undefined;
  #last: ClockPair;
  /** The number of disruptions. */
  #disruptions = 0;
  /** How long the monotonic clock has certainly stood still. */
  #sleptMs = 0;
  /** Whether the displayed time follows responses from after the last disruption. */
  #isSettled = false;
  /** The earlier knowledge, until a server responds after a disruption. */
  #before: Before | undefined;

  constructor(time: TimeSource) {
    this.#time = time;
    this.#last = { monotonicMs: time.monotonicMs(), wallMs: time.wallMs() };
  }

  /** The number of disruptions so far. An exchange during one is worthless. */
  get disruptions(): number {
    this.#check();
    return this.#disruptions;
  }

  /** How long the monotonic clock has stood still, as far as exchanges have shown. */
  get sleptMs(): number {
    return this.#sleptMs;
  }

  /** How much longer it may have stood still, judging by the wall clock. */
  get possibleSleepMs(): number {
    return this.#before?.sleptMs ?? 0;
  }

  /** Returns whether the server has responded within some time, and the clocks were not disrupted since. */
  hasHeardWithin(ms: number): boolean {
    return this.#hasHeardSince(this.#check().monotonicMs - ms);
  }

  /** How long the clock stays synced without another response, in milliseconds. */
  get syncedForMs(): number {
    return this.#heardMs() + RECENT_MS - this.#check().monotonicMs;
  }

  #hasHeardSince(monotonicMs: number): boolean {
    return this.#isSettled && this.#heardMs() >= monotonicMs;
  }

  /** Whether there is an estimate: {@link Estimate.settle} was called after an exchange. */
  get isReady(): boolean {
    return this.#slewed !== undefined;
  }

  /** Reads the clock. Returns `undefined` before there is an estimate. */
  read(): ClockReading | undefined {
    const { monotonicMs } = this.#check();
    if (this.#slewed === undefined) {
      return undefined;
    }
    const displayed = this.#slewed.at(monotonicMs);
    const truth = this.#truth(monotonicMs);
    return {
      now: (this.#origin ?? 0) + displayed,
      errorMs: Math.max(displayed - truth.low, truth.high - displayed),
      synced: this.#hasHeardSince(monotonicMs - RECENT_MS),
    };
  }

  /** Notes that something may have disrupted the clocks without a trace. */
  noteDisruption(): void {
    this.#check();
    this.#disrupt(0, 0);
  }

  /**
   * Adds an exchange during which the clocks were not disrupted.
   *
   * @param isEvidence Whether the estimate may rest on it. The first exchange over a connection includes making it.
   */
  add(exchange: Exchange, isEvidence: boolean): void {
    this.#stampResolution.note(exchange.askedMs);
    this.#stampResolution.note(exchange.answeredMs);
    this.#origin ??= Math.round(exchange.receivedMs - exchange.askedMs);
    const alone = new Track(exchange.server, this.#origin);
    alone.add(exchange, isEvidence);
    const bounds = alone.bounds(exchange.answeredMs, this.#exchangeResolutionMs);
    if (bounds.low > bounds.high) {
      // By its own clock the server took longer than the whole exchange: that clock was set in between.
      return;
    }
    this.#resolveDisruption(bounds, exchange.answeredMs);
    const known = this.#tracks.find(({ server }) => server === exchange.server);
    if (known === undefined) {
      this.#tracks = [...this.#tracks, alone];
      return;
    }
    const resolutionMs = this.#exchangeResolutionMs;
    if (
      intersect(
        known.bounds(exchange.answeredMs, resolutionMs),
        alone.bounds(exchange.answeredMs, resolutionMs),
      )
    ) {
      known.add(exchange, isEvidence);
    } else {
      // The server's clock was set, or another server has its name. Only the latest exchange still holds.
      this.#past = [...this.#past, known];
      this.#tracks = this.#tracks.map((track) => (track === known ? alone : track));
    }
  }

  /**
   * Makes the displayed time follow the exchanges so far.
   *
   * @param isAtOnce Whether to correct even a small difference at once instead of slewing it.
   */
  settle(isAtOnce = false): void {
    const { monotonicMs } = this.#check();
    if (this.#tracks.length === 0) {
      return;
    }
    this.#forget(monotonicMs);
    const { drift, offsetOf } = weigh(
      [...this.#past, ...this.#tracks],
      monotonicMs,
      this.#exchangeResolutionMs,
    );
    const offsets = this.#tracks.map(offsetOf);
    // The middle between the two servers whose clocks differ most.
    const aim = middle({ low: Math.min(...offsets), high: Math.max(...offsets) });
    const offset = clamp(aim, this.#bounds(this.#tracks, monotonicMs));
    this.#drift = drift;
    const line = { offset: offset - drift * monotonicMs, drift };
    this.#slewed ??= new SlewedTime(line, monotonicMs);
    this.#slewed.follow(line, monotonicMs, isAtOnce);
    this.#isSettled = true;
  }

  /** Corrects the displayed time after a disruption, but only as far as the bounds require. */
  settleIfWrong(): void {
    const { monotonicMs } = this.#check();
    if (this.#slewed !== undefined && this.#tracks.length > 0) {
      const displayed = this.#slewed.at(monotonicMs);
      const right = clamp(displayed, this.#truth(monotonicMs));
      if (right !== displayed) {
        const drift = this.#drift;
        this.#slewed.follow({ offset: right - (1 + drift) * monotonicMs, drift }, monotonicMs);
      }
      this.#isSettled = true;
    }
  }

  /** Returns the guaranteed bounds of the server's time, less the origin. */
  #truth(monotonicMs: number): Interval {
    const { tracks, sleptMs } = this.#before ?? { tracks: this.#tracks, sleptMs: 0 };
    const { low, high } = this.#bounds(tracks, monotonicMs);
    const resolutionMs = this.#monotonicResolution.ms;
    // Sleeps that the noise of the wall clock hides may have been missed.
    const missedMs = sleptMs + this.#wallNoise.ms;
    return { low: monotonicMs - resolutionMs + low, high: monotonicMs + resolutionMs + high + missedMs };
  }

  /** Returns the bounds that cover the offsets of all servers that count. */
  #bounds(tracks: readonly Track[], monotonicMs: number): Interval {
    const resolutionMs = this.#exchangeResolutionMs;
    return tracks.map((track) => track.bounds(monotonicMs, resolutionMs)).reduce(hull);
  }

  /** How far the times of an exchange may be off: each is that of the page's clock or the browser's stamp. */
  get #exchangeResolutionMs(): number {
    return Math.max(this.#monotonicResolution.ms, this.#stampResolution.ms);
  }

  /** Uses the first response after a disruption to find out whether the monotonic clock has stood still, and how long. */
  #resolveDisruption({ low, high }: Interval, monotonicMs: number): void {
    if (this.#before === undefined) {
      return;
    }
    const { tracks, leastSleepMs } = this.#before;
    const bounds = this.#bounds(tracks, monotonicMs);
    this.#sleptMs += Math.max(0, low - bounds.high);
    if (low <= bounds.high && high - bounds.low < leastSleepMs) {
      // The monotonic clock kept running: the wall clock was set. All earlier knowledge still holds.
      this.#tracks = [...tracks];
    } else {
      this.#past = [...this.#past, ...tracks];
    }
    this.#before = undefined;
  }

  #heardMs(): number {
    return Math.max(...this.#tracks.map(({ heardMs }) => heardMs));
  }

  /** Drops servers that others have replaced, and old evidence. */
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

  /** Reads the machine's clocks, and detects whether one of them was set or stood still since the last reading. */
  #check(): ClockPair {
    const pair = this.#readBoth();
    const passed = pair.monotonicMs - this.#last.monotonicMs;
    const divergence = pair.wallMs - this.#last.wallMs - passed;
    // Browsers round both clocks alike, and truncate the wall clock to whole milliseconds as well.
    const resolutionMs = this.#monotonicResolution.ms;
    const roundingMs = 2 * (resolutionMs + Math.max(resolutionMs, this.#wallResolution.ms));
    const errorMs = roundingMs + this.#wallNoise.ms;
    this.#last = pair;
    if (Math.abs(divergence) > DIVERGENCE_MS + errorMs + DIVERGENCE_RATE * Math.max(0, passed)) {
      // The wall clock was set, or the monotonic clock stood still while the machine slept.
      this.#disrupt(divergence, errorMs + SLEPT_ERROR_MS + SLEPT_ERROR_RATE * Math.max(0, divergence));
      this.#wallNoise.note(divergence, pair.monotonicMs);
    }
    return pair;
  }

  /** Reads both clocks at the same moment. Reads them again if something interrupts. */
  #readBoth(): ClockPair {
    for (let tries = 1; ; tries += 1) {
      const before = this.#time.monotonicMs();
      const wallMs = this.#time.wallMs();
      const monotonicMs = this.#time.monotonicMs();
      this.#monotonicResolution.note(before);
      this.#monotonicResolution.note(monotonicMs);
      this.#wallResolution.note(wallMs);
      if (monotonicMs - before <= SIMULTANEOUS_MS + this.#monotonicResolution.ms || tries === MOST_TRIES) {
        return { monotonicMs, wallMs };
      }
    }
  }

  #disrupt(divergence: number, slackMs: number): void {
    this.#disruptions += 1;
    this.#isSettled = false;
    const before = this.#before ?? { tracks: this.#tracks, sleptMs: 0, leastSleepMs: SHORTEST_SLEEP_MS };
    if (before.tracks.length > 0) {
      const least = divergence > 0 ? SLEEP_PART * (divergence - this.#wallNoise.ms) : SHORTEST_SLEEP_MS;
      this.#before = {
        tracks: before.tracks,
        sleptMs: before.sleptMs + Math.max(0, divergence) + slackMs,
        leastSleepMs: Math.min(before.leastSleepMs, least),
      };
    }
    this.#tracks = [];
  }
}
