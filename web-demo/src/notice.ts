/** What is going on, in one line. */
import { count, moment } from "./words.js";

/** What a notice is about; the style sheet gives each its looks. */
export type NoticeKind = "loading" | "waiting" | "running" | "silent" | "stopping" | "stopped" | "broken";

/** A line and what it is about. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly words: string;
}

/** What the line depends on. Instants are in milliseconds of the server's time. */
export interface Happenings {
  readonly now: number;
  readonly startsAt: number;
  readonly stoppedAt: number | undefined;
  readonly step: number;
  /** When the first question went unanswered, if the last one did. */
  readonly silentSince: number | undefined;
  /** Why, if there is more to say than that no answer came. */
  readonly silentBecause: string;
  /** When the server answered again, after it had not. */
  readonly backSince: number | undefined;
  /** Whether the server knows the session no more. */
  readonly isGone: boolean;
}

/** How long it is news that the server is back. */
const BACK_IS_NEWS_MS = 6_000;

/** The line for what happens. It changes only when something happens, for it is read out. */
export function notice(happenings: Happenings): Notice {
  const { now, silentSince, backSince } = happenings;
  const course = courseOf(happenings);
  if (happenings.isGone) {
    const words = "The server knows this session no more: it has expired. A new one can be made below.";
    return { kind: "broken", words: course.goesOn ? `${words} The counters still go on.` : words };
  }
  if (silentSince !== undefined) {
    const because = happenings.silentBecause === "" ? "" : ` (${happenings.silentBecause})`;
    const since = `The server cannot be reached since ${moment(silentSince, now)}${because}.`;
    const rest = course.goesOn ? "The counters go on: they need nothing from it." : course.words;
    return { kind: "silent", words: `${since} ${rest}` };
  }
  if (course.kind === "running" && backSince !== undefined && now - backSince < BACK_IS_NEWS_MS) {
    const words = `The server is back since ${moment(backSince, now)}. The counters never noticed.`;
    return { kind: "running", words };
  }
  return course;
}

/** What the session itself does, whether or not the server answers. */
function courseOf({ now, startsAt, stoppedAt, step }: Happenings): Notice & { readonly goesOn: boolean } {
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
      words: `Starts at ${moment(startsAt, now)}. The session is handed out already.`,
      goesOn: true,
    };
  }
  return {
    kind: "running",
    words: "Running. The server is only asked to compare.",
    goesOn: true,
  };
}
