/** Faults that are planted in a player on purpose, to show that the comparison can fail. */
import type { Fault } from "./messages.js";
import { isForTime } from "./network.js";

/** Returns a function that changes a response, by its address, so that the player goes wrong. */
export function tamperingWith(
  fault: Fault | undefined,
  tickMs: number,
): (address: string, body: string) => string {
  return (address, body) => {
    if (fault === undefined) {
      return body;
    }
    return changed(body, isForTime(address) ? timeFault(fault, tickMs) : sessionFault(fault));
  };
}

type Fields = Record<string, unknown>;

function timeFault(fault: Fault, tickMs: number): (answer: Fields) => Fields {
  const aheadUs = fault === "clock" ? tickMs * 1_000 : 0;
  return (time) => ({
    ...time,
    received_us: Number(time.received_us) + aheadUs,
    sent_us: Number(time.sent_us) + aheadUs,
  });
}

function sessionFault(fault: Fault): (answer: Fields) => Fields {
  return (session) => {
    if (fault === "seed" && typeof session.seed === "string") {
      return { ...session, seed: `${session.seed}?` };
    }
    return fault === "rules" && session.rules !== undefined
      ? { ...session, rules: otherRules(session.rules as Fields) }
      : session;
  };
}

function otherRules(rules: Fields): Fields {
  const { min, max } = rules.break_interval as { min: number; max: number };
  return { ...rules, break_interval: { min, max: max + 1 } };
}

function changed(body: string, change: (answer: Fields) => Fields): string {
  try {
    return JSON.stringify(change(JSON.parse(body)));
  } catch {
    return body;
  }
}
