/** The status of the session and the server, in one line. */
import type { Pace, PaceChange } from "./pace.js";
import { Refused } from "./server.js";
import { count, moment } from "./words.js";

/** The subject of a notice; the style sheet styles each kind. */
export type NoticeKind =
  | "loading"
  | "waiting"
  | "running"
  | "refused"
  | "paused"
  | "changing"
  | "silent"
  | "stopping"
  | "stopped"
  | "broken";

/** A line and its kind. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly words: string;
}

/** The inputs of a notice. Instants are in milliseconds of the server's time. */
export interface Happenings {
  readonly now: number;
  readonly startsAt: number;
  readonly stoppedAt: number | undefined;
  readonly step: number;
  readonly pace: Pace;
  /** The next change of the pace that is known. */
  readonly nextChange: PaceChange | undefined;
  /** When the first of the latest requests failed; undefined if the latest one succeeded. */
  readonly silentSince: number | undefined;
  /** The reason, if it is more specific than a missing response. */
  readonly silentBecause: string;
  /** When the server answered again after a silence. */
  readonly backSince: number | undefined;
  /** The last request for a change that failed. */
  readonly refusal: Refusal | undefined;
  /** Whether the server no longer has the session. */
  readonly isGone: boolean;
}

/** A request for a change that failed, and the words about it. */
export interface Refusal {
  readonly at: number;
  readonly words: string;
}

/** How long the notice reports something that is over: that the server is back, or that it has refused a change. */
const SHOWN_MS = 6_000;

/** Returns the notice. It changes only when something happens, because screen readers read it out. */
export function notice(happenings: Happenings): Notice {
  const { now, silentSince, backSince } = happenings;
  const course = courseOf(happenings);
  if (happenings.isGone) {
    const words = "This session has expired. You can create a new one below.";
    return { kind: "broken", words: course.goesOn ? `${words} The counters keep running.` : words };
  }
  if (silentSince !== undefined) {
    const because = happenings.silentBecause === "" ? "" : ` (${happenings.silentBecause})`;
    const since = `The server has been unreachable since ${moment(silentSince, now)}${because}.`;
    const rest = course.goesOn ? "The counters keep running: they need nothing from it." : course.words;
    return { kind: "silent", words: `${since} ${rest}` };
  }
  const { refusal } = happenings;
  if (refusal !== undefined && now - refusal.at < SHOWN_MS) {
    return { kind: "refused", words: refusal.words };
  }
  if (course.kind === "running" && backSince !== undefined && now - backSince < SHOWN_MS) {
    const words = `The server came back at ${moment(backSince, now)}. The counters never noticed.`;
    return { kind: "running", words };
  }
  return course;
}

/** Describes why a request for a change failed. */
export function refusalWords(error: Error): string {
  if (!(error instanceof Refused)) {
    return `The server has not confirmed the change: ${error.message}.`;
  }
  return `Nothing has changed: ${REASONS[error.code] ?? error.message}.`;
}

const ONLY_THE_CREATOR = "on this server, only the tab that created a session changes it";

/** Why the server refuses a change, in the words of the page. */
const REASONS: Readonly<Record<string, string>> = {
  later_changes: "the session has a plan for later, which these buttons leave alone",
  credentials_required: ONLY_THE_CREATOR,
  right_missing: ONLY_THE_CREATOR,
};

/** Describes the session itself, whether or not the server answers. */
function courseOf(happenings: Happenings): Course {
  const { now, startsAt, stoppedAt, step } = happenings;
  if (stoppedAt !== undefined && now >= stoppedAt) {
    const where = stoppedAt < startsAt ? "before its first step" : `at step ${count(step)}`;
    return {
      kind: "stopped",
      words: `Stopped for everyone at ${moment(stoppedAt, now)}, ${where}.`,
      goesOn: false,
    };
  }
  if (stoppedAt !== undefined) {
    return { kind: "stopping", words: `Stops for everyone at ${moment(stoppedAt, now)}.`, goesOn: true };
  }
  if (now < startsAt) {
    return {
      kind: "waiting",
      words: `Starts at ${moment(startsAt, now)}. The session has already been handed out.`,
      goesOn: true,
    };
  }
  return paceOf(happenings);
}

/** A notice about the session, and whether its counters go on. */
type Course = Notice & { readonly goesOn: boolean };

/** Describes the pace of a session that has started and does not stop. */
function paceOf({ now, step, pace, nextChange }: Happenings): Course {
  if (pace.isPaused) {
    const ends = nextChange === undefined ? "" : ` Resumes at ${moment(nextChange.at, now)}.`;
    return { kind: "paused", words: `Paused for everyone at step ${count(step)}.${ends}`, goesOn: false };
  }
  if (nextChange !== undefined) {
    const { at, isPaused, tickMs } = nextChange;
    const what = isPaused ? "Pauses for everyone" : `Ticks of ${count(tickMs)} ms for everyone`;
    return { kind: "changing", words: `${what} at ${moment(at, now)}.`, goesOn: true };
  }
  return {
    kind: "running",
    words: "Running. The server is asked only for comparison.",
    goesOn: true,
  };
}
