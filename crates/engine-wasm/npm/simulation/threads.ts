/** Runs all scenarios on all cores. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

import { Measures } from "./measures.js";
import { SCENARIOS } from "./scenarios.js";
import type { Job, Message } from "./worker.js";

/** The measures of each scenario, in the order of {@link SCENARIOS}. */
export type AllMeasures = ReadonlyMap<string, Measures>;

/**
 * Runs all scenarios. The result does not depend on which thread runs which scenario.
 *
 * @param progressed Called with the syncs so far.
 */
export async function runAll(syncsEach: number, progressed: (syncs: number) => void): Promise<AllMeasures> {
  const jobs: Job[] = SCENARIOS.map(({ name }) => ({ scenario: name, syncs: syncsEach }));
  const found = new Map<string, Measures>();
  let syncs = 0;
  const receive = (message: Message): void => {
    if (message.kind === "done") {
      found.set(message.scenario, Measures.of(message.data));
    } else {
      syncs += message.syncs;
      progressed(syncs);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, () => work(jobs, receive)));
  return new Map(SCENARIOS.map(({ name }) => [name, found.get(name) ?? new Measures()]));
}

/** Runs one thread, which takes jobs until there are none. */
function work(jobs: Job[], receive: (message: Message) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url));
    const next = (): void => {
      const job = jobs.shift();
      if (job === undefined) {
        worker.terminate().then(() => resolve(), reject);
      } else {
        worker.postMessage(job);
      }
    };
    worker.on("error", reject);
    worker.on("message", (message: Message) => {
      receive(message);
      if (message.kind === "done") {
        next();
      }
    });
    next();
  });
}
