/** A thread that runs scenarios, one after the other, as it is told. */
import { parentPort } from "node:worker_threads";

import type { MeasuresData } from "./measures.js";
import { runScenario } from "./run.js";
import { scenarioNamed } from "./scenarios.js";
import { ourClock } from "./subject.js";

/** What a thread is told. */
export interface Job {
  readonly scenario: string;
  readonly syncs: number;
}

/** What it tells. */
export type Told =
  | { readonly kind: "progress"; readonly syncs: number }
  | { readonly kind: "done"; readonly scenario: string; readonly data: MeasuresData };

/** It tells of its progress after so many syncs. */
const TELLS_EVERY = 1_000;

const port = parentPort;
if (port === null) {
  throw new Error("this is not a thread");
}
const tell = (told: Told): void => port.postMessage(told);

port.on("message", async ({ scenario, syncs }: Job) => {
  let toldSyncs = 0;
  const measures = await runScenario(scenarioNamed(scenario), syncs, ourClock, (soFar) => {
    if (soFar - toldSyncs >= TELLS_EVERY) {
      tell({ kind: "progress", syncs: soFar - toldSyncs });
      toldSyncs = soFar;
    }
  });
  tell({ kind: "done", scenario, data: measures.data });
});
