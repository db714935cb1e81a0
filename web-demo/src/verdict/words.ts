/** The verdict in words. */
import type { App } from "../app.js";
import { machineNow } from "../machine-time.js";
import { ago, clockTime, count, counted, listed, plusMinus } from "../words.js";
import type { Bench } from "./bench.js";
import type { Culprit, Sight } from "./judge.js";
import { PACE_MS } from "./watching.js";

export interface VerdictWords {
  readonly headline: string;
  readonly details: string;
}

export function verdictWords(app: App, bench: Bench): VerdictWords {
  const { kind } = bench;
  if (kind === "disagree") {
    return disagreement(app, bench);
  }
  if (kind === "agree") {
    return { headline: headlineOf(app, bench), details: `${exactness(bench)} ${leftOut(app, bench)}` };
  }
  if (app.session?.isGone === true) {
    return {
      headline: "Not known: the server no longer has this session",
      details:
        "It has expired or was deleted. The players keep counting, because they need nothing more from the server.",
    };
  }
  return bench.silentSince === undefined ? waiting(app, bench) : silence(bench, bench.silentSince);
}

function headlineOf({ seats }: App, { judgement, serverAgrees }: Bench): string {
  const players = seats.length;
  if (judgement.compared < 2) {
    const name = seats.find(({ id }) => judgement.awake.includes(id))?.name;
    return `${players === 1 ? "The player" : name} is in step with the server`;
  }
  const what = serverAgrees ? "are in step" : "agree with each other";
  if (judgement.compared < players) {
    return `${judgement.compared} of ${players} players ${what}`;
  }
  return players === 2 ? `Both players ${what}` : `All ${players} players ${what}`;
}

/** Names the players that are not compared, and says why. */
function leftOut({ seats }: App, { judgement }: Bench): string {
  const asleep = seats.filter(({ isAsleep }) => isAsleep).map(({ name }) => name);
  const left = seats
    .filter(({ id, isAsleep }) => judgement.left.includes(id) && !isAsleep)
    .map(({ name }) => name);
  const sleeping =
    asleep.length === 0 ? "" : `${listed(asleep)} ${asleep.length === 1 ? "sleeps" : "sleep"}. `;
  return left.length === 0 ? sleeping : `${sleeping}${listed(left)} cannot be compared at the moment.`;
}

function exactness(bench: Bench): string {
  const { judgement, serverAgrees } = bench;
  if (judgement.compared < 2) {
    return "Compared with the server's own answer.";
  }
  const same = `All show the same state at the same moment, to within ${plusMinus(judgement.withinMs).replace("± ", "")}`;
  return serverAgrees ? `${same}, and the server agrees.` : `${same}. ${lastCompared(bench)}`;
}

/** Says when a player was last compared with the server. */
function lastCompared(bench: Bench): string {
  const { lastCheck } = bench.judgement;
  if (lastCheck === undefined) {
    return "The server has not been compared yet.";
  }
  const at = clockTime(Date.now() - (machineNow() - lastCheck.at));
  return `The server was last compared at ${at}${bench.isPresent(lastCheck) ? "" : ", before the latest change"}.`;
}

/** Says why there is no verdict although the server answers. */
function waiting(app: App, bench: Bench): VerdictWords {
  const { awake, counts } = bench.judgement;
  if (!app.seats.some(({ shown }) => shown !== undefined)) {
    return {
      headline: "The players are joining",
      details: "Each of them asks for the session and the time.",
    };
  }
  if (counts.withServer === 0) {
    return { headline: "Not known yet", details: "The page has yet to compare the players with the server." };
  }
  if (awake.length === 1) {
    return {
      headline: "Not known: the only player awake has not been compared lately",
      details: lastCompared(bench),
    };
  }
  return {
    headline: `Not known: ${awake.length === 0 ? "no player shows anything" : "no two players can be compared"} at the moment`,
    details: `${leftOut(app, bench)} ${lastCompared(bench)}`.trim(),
  };
}

function silence({ judgement, asking }: Bench, since: number): VerdictWords {
  const among =
    judgement.compared >= 2
      ? "The players still agree with each other, but nobody can say that they are right."
      : "";
  return {
    headline: "Not known: the server does not answer",
    details: `It has been silent since ${clockTime(since)}. ${among} Asked ${counted(asking.questions, "time")}.`,
  };
}

function disagreement({ seats }: App, { culprits, judgement, isWatched }: Bench): VerdictWords {
  const nameOf = (id: string): string => seats.find((seat) => seat.id === id)?.name ?? id;
  if (culprits.length === 0) {
    return {
      headline: `${listed(judgement.quarrel.map(nameOf))} show different states`,
      details: isWatched
        ? "The page is asking the server who is right."
        : "The page asks the server who is right once somebody watches again.",
    };
  }
  const names = culprits.map(({ player }) => nameOf(player));
  const since = Math.min(...culprits.map((culprit) => culprit.since));
  return {
    headline: `${listed(names)} ${names.length === 1 ? "has" : "have"} been wrong since ${clockTime(Date.now() - (machineNow() - since))}`,
    details: culprits.map((culprit) => difference(nameOf(culprit.player), culprit)).join(" "),
  };
}

function difference(name: string, { showed, expected }: Culprit): string {
  if (showed === undefined) {
    return `${name} has not heard of the latest change.`;
  }
  if (expected === undefined) {
    return `${name} shows ${sight(showed)}, which contradicts what it showed before.`;
  }
  return `${name} shows ${sight(showed)}. It should show ${sight(expected)}.`;
}

function sight({ step, value, round }: Sight): string {
  return `${value} (step ${step}, round ${round})`;
}

/** Says how often the server is asked. */
export function askingWords({ asking, isWatched, answeredAt }: Bench): string {
  const often = asking.questions > 1 ? "most recently " : "";
  const last = answeredAt === undefined ? "" : `, ${often}${ago(Date.now() - answeredAt)}`;
  const pace = isWatched
    ? `Asks every ${PACE_MS / 1_000} s while you are here.`
    : "Paused: nobody is watching. Asks again once you are back.";
  return `Asked ${counted(asking.questions, "time")}${last}. ${pace}`;
}

/** Counts the comparisons, and the requests that the page itself has sent for them, including those of its own clock. */
export function countWords({ judgement, asking }: Bench): string {
  const { amongPlayers, withServer, differences } = judgement.counts;
  const server = `${count(withServer)} with the server (${counted(asking.requests, "request")})`;
  return `${counted(amongPlayers, "comparison")} among the players, ${server}: ${counted(differences, "difference")}.`;
}
