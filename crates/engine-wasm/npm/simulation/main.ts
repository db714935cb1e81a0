/** The command: `main.js SYNCS PLOTS_FOLDER`, or `main.js --replay SCENARIO SEED`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { exampleSession } from "./example-session.js";
import { Measures } from "./measures.js";
import { errorsPlot, sessionPlot } from "./plots.js";
import { isKept, report } from "./report.js";
import { SCENARIOS, scenarioNamed } from "./scenarios.js";
import { Session } from "./session.js";
import { ourClock } from "./subject.js";
import { runAll } from "./threads.js";

/** Progress is printed after each hundredth. */
const PROGRESS_PARTS = 100;

/** Runs all scenarios. Returns whether all promises were kept. */
async function simulate(syncs: number, plots: string): Promise<boolean> {
  const started = performance.now();
  const all = await runAll(Math.ceil(syncs / SCENARIOS.length), progressTo(syncs));
  process.stderr.write("\n");
  mkdirSync(plots, { recursive: true });
  writeFileSync(`${plots}/clock-errors.svg`, errorsPlot(all));
  const title = "A page on Wi-Fi; after eight minutes the machine sleeps for two minutes";
  writeFileSync(`${plots}/clock-session.svg`, sessionPlot(await exampleSession(), title));
  process.stdout.write(`${report(all)}\n`);
  process.stderr.write(`\n${((performance.now() - started) / 1_000).toFixed(0)} s; plots are in ${plots}\n`);
  return isKept(all);
}

function progressTo(syncs: number): (soFar: number) => void {
  let printed = 0;
  return (soFar) => {
    const part = Math.floor((PROGRESS_PARTS * soFar) / syncs);
    if (part > printed) {
      printed = part;
      const line = `${soFar} of ${syncs} syncs`;
      process.stderr.write(process.stderr.isTTY ? `\r${line}` : part % 10 === 0 ? `${line}\n` : "");
    }
  };
}

/** Repeats one session and logs everything that happens. */
async function replay(scenario: string, seed: number): Promise<boolean> {
  const measures = new Measures();
  const log = (atMs: number, line: string): boolean =>
    process.stdout.write(`${atMs.toFixed(3).padStart(14)}  ${line}\n`);
  const session = new Session(scenarioNamed(scenario), seed, ourClock, measures, {
    log,
    seen: ({ atMs, errorMs, reading }) =>
      log(atMs, `reads ${errorMs.toFixed(3)} off, bound ${reading.errorMs.toFixed(3)}${suffix(reading)}`),
  });
  process.stdout.write(`${JSON.stringify(session.traits, undefined, 2)}\n`);
  await session.run();
  return measures.breachCount === 0;
}

function suffix({ synced }: { readonly synced: boolean }): string {
  return synced ? "" : ", not synced";
}

// The reader of a pipe may close it early.
process.stdout.on("error", () => process.exit(1));
const [first = "", second = "", third = ""] = process.argv.slice(2);
const isFine =
  first === "--replay" ? await replay(second, Number(third)) : await simulate(Number(first), second);
process.exitCode = isFine ? 0 : 1;
