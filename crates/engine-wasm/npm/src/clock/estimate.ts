/**
 * The server's time as far as it can be known, from exchanges and the machine's clocks. Asks nobody and waits for nothing.
 */
import { Grain } from "./grain.js";
import { clamp, hull, type Interval, middle } from "./interval.js";
import type { Exchange, TimeSource } from "./ports.js";
import { fitRate, offsetOf, type Rate } from "./rate.js";
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
/** How wrong the time that a machine believes to have slept may be: the clock that runs meanwhile often counts seconds. */
const SLEPT_ERROR_MS = 2_000;
/** And for each millisecond of it. */
const SLEPT_ERROR_RATE = 0.001;
/** For how long a server that has answered counts, in milliseconds. */
const SERVER_COUNTS_MS = 60_000;
/** For how long a server counts as heard lately, in milliseconds: a little more than the pause between bursts. */
const LATELY_MS = 35_000;
/** How old evidence may be, in milliseconds. */
const EVIDENCE_MS = 900_000;

/** One look at the machine's clocks. */
interface Look {
  readonly monotonicMs: number;
  readonly wallMs: number;
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
  #rate: Rate = { drift: 0, error: 0 };
  #shown: Shown | undefined;
  #look: Look;
  /** How often the clocks were upset. */
  #upsets = 0;
  /** What is left to believe while nobody has answered since: the bounds of before, and how far they may have moved up. */
  #before: { readonly tracks: readonly Track[]; readonly sleptMs: number } | undefined;

  constructor(time: TimeSource) {
    this.#time = time;
    this.#look = { monotonicMs: time.monotonicMs(), wallMs: time.wallMs() };
  }

  /** How often the clocks were upset so far. An exchange during which that happens is worthless. */
  get upsets(): number {
    this.#lookAgain();
    return this.#upsets;
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
      synced: this.#before === undefined && monotonicMs - this.#heardMs() <= LATELY_MS,
    };
  }

  /** Notes that the clocks may have been upset without a trace. */
  upset(): void {
    this.#lookAgain();
    this.#upset(0);
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
    this.#before = undefined;
    const track = this.#trackOf(exchange.server);
    track.add(exchange, isEvidence);
    const { low, high } = track.bounds(exchange.answeredMs, this.#monotonicGrain.ms);
    if (low > high) {
      // The server's clock was set, or another server has its name. The latest exchange is right by itself.
      const fresh = new Track(exchange.server, this.#origin);
      fresh.add(exchange, isEvidence);
      this.#past = [...this.#past, track];
      this.#tracks = this.#tracks.map((other) => (other === track ? fresh : other));
    }
  }

  /** Has the clock follow what the exchanges so far tell. */
  settle(): void {
    const { monotonicMs } = this.#lookAgain();
    if (this.#tracks.length === 0) {
      return;
    }
    this.#forget(monotonicMs);
    const grainMs = this.#monotonicGrain.ms;
    this.#rate = fitRate([...this.#past, ...this.#tracks], monotonicMs, grainMs);
    const offset = clamp(this.#offset(monotonicMs), this.#bounds(this.#tracks, monotonicMs));
    const { drift } = this.#rate;
    const line = { offset: offset - drift * monotonicMs, drift };
    this.#shown ??= new Shown(line, monotonicMs);
    this.#shown.follow(line, monotonicMs);
  }

  /** The middle between the servers whose clocks differ most. */
  #offset(monotonicMs: number): number {
    const grainMs = this.#monotonicGrain.ms;
    const offsets = this.#tracks.map((track) => offsetOf(track, this.#rate, monotonicMs, grainMs));
    return middle({ low: Math.min(...offsets), high: Math.max(...offsets) });
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

  #trackOf(server: string): Track {
    const known = this.#tracks.find((track) => track.server === server);
    if (known !== undefined) {
      return known;
    }
    const track = new Track(server, this.#origin ?? 0);
    this.#tracks = [...this.#tracks, track];
    return track;
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
    const look = { monotonicMs: this.#time.monotonicMs(), wallMs: this.#time.wallMs() };
    this.#monotonicGrain.note(look.monotonicMs);
    this.#wallGrain.note(look.wallMs);
    const passed = look.monotonicMs - this.#look.monotonicMs;
    const parted = look.wallMs - this.#look.wallMs - passed;
    const grains = 2 * (this.#monotonicGrain.ms + this.#wallGrain.ms);
    this.#look = look;
    if (Math.abs(parted) > PARTED_MS + grains + PARTED_RATE * Math.max(0, passed)) {
      // The wall clock went further: it was set, or the other one stood still while the machine slept.
      const slept = Math.max(0, parted) + grains;
      this.#upset(slept + SLEPT_ERROR_MS + SLEPT_ERROR_RATE * slept);
    }
    return look;
  }

  #upset(sleptMs: number): void {
    this.#upsets += 1;
    const tracks = this.#before?.tracks ?? this.#tracks;
    if (tracks.length > 0) {
      this.#before = { tracks, sleptMs: (this.#before?.sleptMs ?? 0) + sleptMs };
    }
    this.#past = [...this.#past, ...this.#tracks];
    this.#tracks = [];
  }
}
