/** When a session may be paused, resumed, given another rate and stopped, by the rules of docs/schedule.md. */
import { Timeline } from "../../engine/timeline.js";
import type { ServerError } from "../../http/error.js";
import type { ScheduleChangeRecord, SessionRecord } from "../../http/schemas.js";
import { invalid, refusal } from "./answers.js";
import type { Action, ChangeRequest } from "./change-request.js";

/** What a change adds to the notice: the clocks of a server and its store differ. */
const GUARD_MS = 1_000;
/** How long before it takes effect a change without a notice becomes final. */
const FINAL_BEFORE_MS = 500;
/** A change without an instant follows the last one, if that lies less than this after the earliest possible instant. */
const FOLLOWS_WITHIN_MS = 1_000;
const MOST_CHANGES = 256;

/** A change with its instant in milliseconds. A length of 0 pauses. */
interface Entry {
  readonly at: number;
  readonly tickMs: number;
}

/** What adds a change. */
type Edit = "pause" | "resume" | "rate";

/** The times that decide about a request. */
interface Times {
  readonly now: number;
  readonly earliest: number;
  /** A change is final once it is not after this. */
  readonly finalUntil: number;
}

/**
 * Returns the session with a change that takes effect.
 *
 * @throws {@link ServerError} as a server refuses it.
 */
export function changed(
  session: SessionRecord,
  action: Action,
  request: ChangeRequest,
  now: number,
): SessionRecord {
  const times = timesOf(session, now);
  if (action === "stop") {
    return withStop(session, request.at, times);
  }
  const stoppedAt = stopOf(session);
  if (stoppedAt <= now) {
    throw stopped(session, `the session has stopped at ${session.stopped_at}`);
  }
  if (action === "withdraw") {
    return withoutLater(session, request.from, times);
  }
  return edited(session, action, request, times);
}

function timesOf({ notice_ms }: SessionRecord, now: number): Times {
  const earliest = notice_ms > 0 ? now + notice_ms + GUARD_MS : now;
  return { now, earliest, finalUntil: notice_ms > 0 ? earliest : now + FINAL_BEFORE_MS };
}

function withStop(session: SessionRecord, wanted: number | undefined, times: Times): SessionRecord {
  const stoppedAt = stopOf(session);
  if (stoppedAt <= times.finalUntil) {
    throw stopped(session, `the stop of the session at ${session.stopped_at} is final`);
  }
  const at = wanted ?? times.earliest;
  if (at < times.now) {
    throw invalid("at", `at must not be in the past, got ${iso(at)}`);
  }
  checkEarliest(at, times);
  if (stoppedAt <= at) {
    const detail = `the session already stops at ${session.stopped_at}`;
    throw refusal("stop_not_earlier", 409, detail, { stopped_at: session.stopped_at ?? null });
  }
  return { ...session, stopped_at: iso(at), revision: session.revision + 1 };
}

function withoutLater(session: SessionRecord, from: number | undefined, times: Times): SessionRecord {
  const entries = entriesOf(session);
  const isMeant = ({ at }: Entry): boolean => (from === undefined ? at > times.finalUntil : at >= from);
  const withdrawn = entries.filter(isMeant);
  if (withdrawn.length === 0) {
    throw refusal("nothing_to_withdraw", 409, "there is no change to withdraw");
  }
  checkNotFinal(withdrawn, times);
  return withSchedule(
    session,
    entries.filter((entry) => !isMeant(entry)),
  );
}

function edited(session: SessionRecord, action: Edit, request: ChangeRequest, times: Times): SessionRecord {
  const entries = entriesOf(session);
  const at = request.at ?? defaultInstant(entries, times);
  checkInstant(session, at, times);
  const earlier = entries.filter((entry) => entry.at < at);
  const later = entries.slice(earlier.length);
  if (later.length > 0 && !request.replaceLater) {
    const detail = `the session has changes at or after ${iso(at)}; replace_later takes them back`;
    throw refusal("later_changes", 409, detail, { schedule: later.map(json) });
  }
  checkNotFinal(later, times);
  const former = earlier.filter(({ tickMs }) => tickMs > 0).at(-1)?.tickMs ?? session.tick_ms;
  const tickMs = action === "pause" ? 0 : (request.tickMs ?? former);
  checkPace(action, at, earlier.at(-1)?.tickMs ?? former, tickMs, entries);
  const added = action === "pause" ? [{ at, tickMs }] : running(session, earlier, at, former, tickMs);
  return withSchedule(session, checkedCount([...earlier, ...added]));
}

/** Checks that a change has an effect: from ticks of a length to those of another, where 0 is a pause. */
function checkPace(action: Edit, at: number, from: number, to: number, entries: readonly Entry[]): void {
  const all = { schedule: entries.map(json) };
  if (from === 0 && action !== "resume") {
    throw refusal("already_paused", 409, `the session is paused at ${iso(at)}`, all);
  }
  if (from !== 0 && action === "resume") {
    throw refusal("not_paused", 409, `the session is not paused at ${iso(at)}`, all);
  }
  if (from === to) {
    throw refusal("same_rate", 409, `the session already has ticks of ${to} ms at ${iso(at)}`, all);
  }
}

function checkedCount(schedule: readonly Entry[]): readonly Entry[] {
  if (schedule.length > MOST_CHANGES) {
    const detail = `a session has at most ${MOST_CHANGES} changes, and this would be number ${schedule.length}`;
    throw refusal("schedule_full", 409, detail);
  }
  return schedule;
}

/** Returns the changes after which a session runs with ticks of a length, which begins where a tick begins. */
function running(
  session: SessionRecord,
  earlier: readonly Entry[],
  at: number,
  former: number,
  tickMs: number,
): readonly Entry[] {
  const wasPaused = earlier.at(-1)?.tickMs === 0;
  const resumed = wasPaused ? [{ at, tickMs: former }] : [];
  if (tickMs === former) {
    return resumed;
  }
  const beginsAt = nextTick(withSchedule(session, [...earlier, ...resumed]), at, former, wasPaused);
  return beginsAt === at ? [{ at, tickMs }] : [...resumed, { at: beginsAt, tickMs }];
}

/** Returns the first instant from `at` on at which a tick begins. */
function nextTick(session: SessionRecord, at: number, former: number, wasPaused: boolean): number {
  const timeline = new Timeline(session);
  try {
    const step = timeline.stepAt(at) ?? 0;
    const next = timeline.timeOf(step + 1);
    // A pause at the beginning of a tick leaves all of it.
    const isBeginning = wasPaused ? next - at === former : timeline.timeOf(step) === at;
    return isBeginning ? at : next;
  } finally {
    timeline.free();
  }
}

function checkInstant(session: SessionRecord, at: number, times: Times): void {
  if (stopOf(session) <= at) {
    throw stopped(
      session,
      `the session stops at ${session.stopped_at}, so a change at ${iso(at)} has no effect`,
    );
  }
  if (at <= Date.parse(session.start_at)) {
    throw refusal("not_started", 409, `a change must be after the start at ${session.start_at}`);
  }
  checkEarliest(at, times);
}

function checkEarliest(at: number, { earliest }: Times): void {
  if (at < earliest) {
    const detail = `at must be ${iso(earliest)} or later, got ${iso(at)}`;
    throw refusal("too_soon", 409, detail, { earliest: iso(earliest) });
  }
}

function checkNotFinal(withdrawn: readonly Entry[], { finalUntil }: Times): void {
  const final = withdrawn.find(({ at }) => at <= finalUntil);
  if (final !== undefined) {
    const detail = `the change at ${iso(final.at)} is final`;
    throw refusal("change_final", 409, detail, { change: json(final) });
  }
}

function defaultInstant(entries: readonly Entry[], { earliest }: Times): number {
  const last = entries.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  return last >= earliest && last < earliest + FOLLOWS_WITHIN_MS ? last + 1 : earliest;
}

function stopped(session: SessionRecord, detail: string): ServerError {
  return refusal("session_stopped", 409, detail, { stopped_at: session.stopped_at ?? null });
}

/** Returns the instant of the stop, or infinity. */
export function stopOf({ stopped_at }: SessionRecord): number {
  return stopped_at == null ? Number.POSITIVE_INFINITY : Date.parse(stopped_at);
}

function entriesOf({ schedule }: SessionRecord): readonly Entry[] {
  return schedule.map((change) => ({
    at: Date.parse(change.at),
    tickMs: "tick_ms" in change ? change.tick_ms : 0,
  }));
}

function withSchedule(session: SessionRecord, entries: readonly Entry[]): SessionRecord {
  const schedule = entries.map(json);
  const requires = schedule.length > 0 ? ["schedule"] : [];
  return { ...session, schedule, requires, revision: session.revision + 1 };
}

function json({ at, tickMs }: Entry): ScheduleChangeRecord {
  return tickMs === 0 ? { at: iso(at), paused: true } : { at: iso(at), tick_ms: tickMs };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
