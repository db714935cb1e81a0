/** Three ways to the same results: earlier calls of a timeline must never affect later ones. */
import { type SessionDefinition, Timeline } from "../src/index.js";

/** Visits `cases` in some order, and calls `check` with each and a timeline. */
export type Route = <Case>(
  cases: readonly Case[],
  session: (one: Case) => SessionDefinition,
  check: (timeline: Timeline, one: Case) => void,
) => void;

export const routes: Record<string, Route> = {
  "a fresh timeline for every case": (cases, session, check) => {
    for (const one of cases) {
      ask(session(one), [one], check);
    }
  },
  "one timeline for a session, in the order of the file": (cases, session, check) => {
    for (const [owner, group] of bySession(cases, session)) {
      ask(owner, group, check);
    }
  },
  "one timeline for a session, in random order": (cases, session, check) => {
    for (const [owner, group] of bySession(cases, session)) {
      ask(owner, mixed([...group, ...group]), check);
    }
  },
};

function ask<Case>(
  session: SessionDefinition,
  cases: readonly Case[],
  check: (timeline: Timeline, one: Case) => void,
): void {
  const timeline = new Timeline(session);
  for (const one of cases) {
    check(timeline, one);
  }
  timeline.free();
}

function bySession<Case>(
  cases: readonly Case[],
  session: (one: Case) => SessionDefinition,
): Iterable<[SessionDefinition, Case[]]> {
  const groups = new Map<string, [SessionDefinition, Case[]]>();
  for (const one of cases) {
    const owner = session(one);
    const key = JSON.stringify(owner);
    const group = groups.get(key) ?? [owner, []];
    group[1].push(one);
    groups.set(key, group);
  }
  return groups.values();
}

/** Returns the cases in an order that looks random and is the same in every run. */
function mixed<Case>(cases: Case[]): Case[] {
  let state = 1;
  const next = (n: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % n;
  };
  for (let last = cases.length - 1; last > 0; last--) {
    const other = next(last + 1);
    [cases[last], cases[other]] = [cases[other] as Case, cases[last] as Case];
  }
  return cases;
}
