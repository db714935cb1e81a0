/** Runs sessions of a scenario, one after the other, until there are enough syncs. */
import { Measures } from "./measures.js";
import type { Scenario } from "./scenarios.js";
import { Session } from "./session.js";
import type { MakeSubject } from "./subject.js";

/** A run fails if this many sessions bring no sync, instead of never ending. */
const MOST_SILENT_SESSIONS = 20;

/**
 * Runs a scenario. The seeds are 1, 2, 3 and so on, so the same number of syncs means the same sessions.
 *
 * @param progressed Called after each session with the syncs so far.
 */
export async function runScenario(
  scenario: Scenario,
  syncs: number,
  make: MakeSubject,
  progressed: (syncs: number) => void = () => undefined,
): Promise<Measures> {
  const measures = new Measures();
  let seed = 0;
  const onRejection = (error: unknown): void => {
    const breach = { promise: "nothing thrown", atMs: 0, detail: `unhandled: ${String(error)}` } as const;
    measures.addBreach({ ...breach, scenario: scenario.name, seed });
  };
  process.on("unhandledRejection", onRejection);
  while (measures.counts.syncs < syncs) {
    seed += 1;
    await new Session(scenario, seed, make, measures).run();
    if (seed >= MOST_SILENT_SESSIONS && measures.counts.syncs === 0) {
      throw new Error(`${scenario.name}: no sync in ${seed} sessions`);
    }
    progressed(measures.counts.syncs);
  }
  process.off("unhandledRejection", onRejection);
  return measures;
}
