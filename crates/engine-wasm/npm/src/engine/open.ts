/** Opens timelines in the engine's memory. */
import * as bindings from "./bindings.js";
import { EngineError } from "./error.js";
import { Handle } from "./handle.js";
import { integer, wellFormed } from "./input.js";
import { milliseconds } from "./instant.js";
import { checked, errorFor, lastError } from "./last-error.js";
import { checkRequires } from "./requires.js";
import { checkSession, type Instant, type ScheduleChange, type SessionDefinition } from "./session.js";
import { checkVersion } from "./version.js";

/** A part of a schedule, up to the next one. */
export interface Segment {
  /** When it begins. */
  readonly at: number;
  /** The length of its ticks; 0 while the session is paused. */
  readonly tickMs: number;
}

/** A session that the engine has accepted. */
export interface OpenSession {
  readonly handle: Handle;
  /** The parts of its schedule: the first from the start, then one for each change. */
  readonly segments: readonly Segment[];
  /** The instant at which it stops, or infinity. */
  readonly stoppedAt: number;
}

/** Opens the timeline of a session. Throws for the first invalid field, and then leaves nothing open. */
export function openSession(session: SessionDefinition): OpenSession {
  checkSession(session);
  checkVersion(session.engine_version);
  checkRequires(session.requires);
  const handle = open(session);
  try {
    const start = { at: bindings.timeOf(handle.number, 0), tickMs: session.tick_ms };
    const changes = (session.schedule ?? []).map((change, index) => addChange(handle, change, index));
    return { handle, segments: [start, ...changes], stoppedAt: instantOfStop(handle, session.stopped_at) };
  } catch (error) {
    handle.free();
    throw error;
  }
}

/** Returns the instant of a stop, or infinity. Throws for one out of range, under its own name. */
export function instantOfStop(timeline: Handle, stoppedAt: Instant | null | undefined): number {
  if (stoppedAt == null) {
    return Number.POSITIVE_INFINITY;
  }
  const at = milliseconds("stopped_at", stoppedAt);
  // Otherwise `stepAt` would report an instant out of range later, under the name `now`.
  if (bindings.stepAt(timeline.number, at) < 0) {
    throw lastError({ now: "stopped_at" });
  }
  return at;
}

/** Stands for a rule that takes its default. */
const LEFT_OUT = Number.NaN;

function open(session: SessionDefinition): Handle {
  const { rules } = session;
  const interval = rules?.break_interval;
  const seed = wellFormed("seed", session.seed);
  const startAt = milliseconds("start_at", session.start_at);
  const tickMs = integer("tick_ms", session.tick_ms);
  const min = interval ? integer("break_interval.min", interval.min) : LEFT_OUT;
  const max = interval ? integer("break_interval.max", interval.max) : LEFT_OUT;
  const rounds = rules?.rounds_per_epoch;
  const roundsPerEpoch = rounds === undefined ? LEFT_OUT : integer("rounds_per_epoch", rounds);
  bindings.writeText(seed);
  const number = checked(bindings.openTimeline(startAt, tickMs, min, max, roundsPerEpoch));
  return new Handle("timeline", number, bindings.closeTimeline);
}

/** Adds a change, and returns the segment that it begins. */
function addChange(timeline: Handle, change: ScheduleChange, index: number): Segment {
  const name = `schedule[${index}]`;
  const at = milliseconds(`${name}.at`, change.at);
  const tickMs = tickMsOf(change, name);
  if (bindings.addChange(timeline.number, at, tickMs) < 0) {
    throw lastError({ "schedule.at": `${name}.at` });
  }
  return { at, tickMs };
}

const MAX_TICK_MS = 86_400_000;

/** Returns the length of a tick after a change; 0 for a pause. */
function tickMsOf(change: ScheduleChange, name: string): number {
  const { paused, tick_ms } = change as { paused?: unknown; tick_ms?: number };
  if ((paused === true) === (tick_ms !== undefined)) {
    throw new EngineError("invalid_change", name, `${name} must have paused: true or tick_ms`);
  }
  if (tick_ms === undefined) {
    return 0;
  }
  const tickMs = integer(`${name}.tick_ms`, tick_ms);
  if (tickMs < 1 || tickMs > MAX_TICK_MS) {
    throw errorFor(0, `${name}.tick_ms`, 1, MAX_TICK_MS, tickMs);
  }
  return tickMs;
}
