/**
 * Prints the cost of calling the engine from JavaScript, as a Markdown table. `scripts/bench-wasm` in the repository's root runs it.
 * It is a report, not a test: times differ between machines. The baseline of each run is a WebAssembly function that returns its
 * argument. With `--javascript` the engine is that of `tickseed/js`, and the baseline a JavaScript function.
 *
 *     node calls.js PACKAGE [--javascript]
 */
import { cpus } from "node:os";
import { pathToFileURL } from "node:url";

import type * as functions from "../src/engine/bindings.js";
import type * as tickseed from "../src/engine.js";
import { each, emptyFunction, from } from "./loops.js";
import { type Loop, type Measured, measure, median } from "./measure.js";

const [folder = "", option] = process.argv.slice(2);
const isJavaScript = option === "--javascript";
const load = (file: string) => import(pathToFileURL(`${folder}/dist/${file}`).href);
const bindings: typeof functions = await load("engine/bindings.js");
const { loadEngine, Timeline }: typeof tickseed = await load(isJavaScript ? "js.js" : "engine.js");

const SEED = "550e8400-e29b-41d4-a716-446655440000";
const SESSION = { seed: SEED, start_at: 0, tick_ms: 100 };
/** The number of steps in an epoch under the default rules. */
const EPOCH = 12_864;
const EFFORT = { rounds: 301, turnMs: 1 };

await loadEngine();
const timeline = new Timeline(SESSION);
const handle = openByBindings();
const draw = timeline.draw(0, "dice");
const deck = Array.from({ length: 52 }, (_, card) => card);
const nothing = isJavaScript ? (_handle: number, number: number) => number : emptyFunction();
const far = stepsOfOtherEpochs();

const LOOPS: Readonly<Record<string, Loop>> = {
  "a function that returns its argument": near((step) => nothing(handle, step)),
  "`value` of the next step, by the bindings alone": near((step) => bindings.value(handle, step)),
  "`round` of the next step, by the bindings alone": near((step) => bindings.round(handle, step)),
  "`value` of the next step": near((step) => timeline.value(step)),
  "`round` of the next step": near((step) => timeline.round(step)),
  "`state` of the next step, an object": near((step) => timeline.state(step).value),
  "`stateAt` of the next tick, an object": near((step) => timeline.stateAt(step * SESSION.tick_ms).value),
  "`value` in another epoch": each(far, (step) => timeline.value(step)),
  "`state` in another epoch, an object": each(far, (step) => timeline.state(step).value),
  "`word` of a draw": near(() => draw.word()),
  "one die of the next step, with a new draw": near(die),
  "`shuffle` of 52 cards": near(() => draw.shuffle(deck)[0] ?? Number.NaN),
  "a timeline: created, used once and freed": near(usedOnce),
};

const loops = Object.entries(LOOPS).map(([name, loop]) => ({ name, step: 0, loop }));
print(await measure(loops, EFFORT, () => undefined));

/** Creates a timeline without its class. */
function openByBindings(): number {
  bindings.writeText(SEED);
  return bindings.openTimeline(SESSION.start_at, SESSION.tick_ms, Number.NaN, Number.NaN, Number.NaN);
}

function die(step: number): number {
  const own = timeline.draw(step, "dice");
  const thrown = own.below(6);
  own.free();
  return thrown;
}

function usedOnce(step: number): number {
  const own = new Timeline(SESSION);
  const value = own.value(step);
  own.free();
  return value;
}

/** Calls a function with consecutive steps within an epoch. */
function near(call: (step: number) => number): Loop {
  return each(from(0, EPOCH - 1), call);
}

/** Returns steps that are each in another epoch than the previous one, within 400 years. */
function stepsOfOtherEpochs(): number[] {
  let random = 1;
  return Array.from({ length: 4_096 }, () => {
    random = (random * 48_271) % 2_147_483_647;
    return (random % 10_000_000) * EPOCH + (random % EPOCH);
  });
}

/** Prints the table. Differences and ratios are taken within a round, under the same load of the machine. */
function print(measured: readonly Measured[]): void {
  const baseline = measured[0]?.times ?? [];
  const lines = measured.map(({ name, times }, index) => {
    const base = (round: number): number => baseline[round] ?? Number.NaN;
    const more = formatted(median(times.map((time, round) => time - base(round))));
    const ratio = median(times.map((time, round) => time / base(round)));
    return [name, formatted(median(times)), index === 0 ? "" : more, Number(ratio.toPrecision(3))];
  });
  const table = [
    ["call", "time", "more than the first", "against the first"],
    ["---", "---:", "---:", "---:"],
    ...lines,
  ];
  const rows = table.map((cells) => `| ${cells.join(" | ")} |`);
  process.stdout.write(`${cpus()[0]?.model}, Node.js ${process.versions.node}\n\n${rows.join("\n")}\n`);
}

function formatted(nanoseconds: number): string {
  return nanoseconds < 1_000 ? `${nanoseconds.toFixed(1)} ns` : `${(nanoseconds / 1_000).toFixed(2)} µs`;
}
