/** A thread that runs scenarios one after the other. */
import { parentPort } from "node:worker_threads";

import type { MeasuresData } from "./measures.js";
import { runScenario } from "./run.js";
import { scenarioNamed } from "./scenarios.js";
import { ourClock } from "./subject.js";

/** A message to the thread. */
export interface Job {
  readonly scenario: string;
  readonly syncs: number;
}

/** A message from the thread. */
export type Message =
  | { readonly kind: "progress"; readonly syncs: number }
  | { readonly kind: "done"; readonly scenario: string; readonly data: MeasuresData };

/** The number of syncs between two progress messages. */
const PROGRESS_EVERY = 1_000;

const port = parentPort;
if (port === null) {
  throw new Error("this program must run as a worker thread");
}
const post = (message: Message): void => port.postMessage(message);

port.on("message", async ({ scenario, syncs }: Job) => {
  let reportedSyncs = 0;
  const measures = await runScenario(scenarioNamed(scenario), syncs, ourClock, (soFar) => {
    if (soFar - reportedSyncs >= PROGRESS_EVERY) {
      post({ kind: "progress", syncs: soFar - reportedSyncs });
      reportedSyncs = soFar;
    }
  });
  post({ kind: "done", scenario, data: measures.data });
});
