/** Puts together the contents of the timeline. */
import type { App } from "../app.js";
import type { KnownChange, KnownSession } from "../session/known-session.js";
import { teeth } from "./curve.js";
import { PRESENT_AT } from "./navigation.js";
import type { Mark, Scene } from "./plot.js";

/** Returns the scene of the present moment. */
export function sceneOf(app: App, session: KnownSession): Scene {
  const { now, navigation } = app;
  const center = navigation.centerAt(now);
  const from = center - navigation.spanMs * PRESENT_AT;
  const span = { from, to: from + navigation.spanMs };
  const { max } = session.record.rules.break_interval;
  return {
    span,
    now,
    visited: navigation.isFollowing ? undefined : center,
    teeth:
      span.to < session.startsAt
        ? []
        : teeth(
            session.timeline,
            span,
            session.changes.map(({ at }) => at),
          ),
    end: session.stopsAt ?? Number.POSITIVE_INFINITY,
    settled: session.settledUntil,
    marks: [...startMark(session), ...session.changes.map(markOf), ...previewOf(app, session)],
    top: max + 1,
  };
}

function startMark({ startsAt }: KnownSession): readonly Mark[] {
  return [{ at: startsAt, words: "start", isPreview: false }];
}

function markOf({ at, kind, tickMs }: KnownChange): Mark {
  const words = { pause: "pause", stop: "stop", rate: `ticks of ${tickMs} ms` }[kind];
  return { at, words, isPreview: false };
}

/** What the button under the pointer would do. */
function previewOf({ host }: App, { timeline }: KnownSession): readonly Mark[] {
  if (host?.preview === undefined) {
    return [];
  }
  const at = Math.floor(host.effectAt);
  const { step, value } = timeline.stateAt(at);
  const verb = host.preview === "stop" ? "would stop" : "would pause";
  return [{ at, words: `${verb} at ${value}, step ${step}`, isPreview: true }];
}
