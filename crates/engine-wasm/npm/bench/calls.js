/**
 * Prints the cost of calling the engine from JavaScript, as a Markdown table. `scripts/bench-wasm` in the repository's root runs it.
 * It is a report, not a test: times differ between machines. The baseline of each run is a WebAssembly function that returns its
 * argument. With `--javascript` the engine is that of `tickseed/js`, and the baseline a JavaScript function.
 */
import { cpus } from "node:os";

import * as bindings from "../dist/engine/bindings.js";
import { measure, median } from "./measure.js";

const isJavaScript = process.argv[2] === "--javascript";
const { loadEngine, Timeline } = await import(isJavaScript ? "../dist/js.js" : "../dist/index.js");

const SEED = "550e8400-e29b-41d4-a716-446655440000";
const SESSION = { seed: SEED, start_at: 0, tick_ms: 100 };
/** The number of steps in an epoch under the default rules. */
const EPOCH = 12_864;

/** A number that differs between loops. Otherwise the compiler would compile identical loops once for all calls. */
let loops = 0;

await loadEngine();
const timeline = new Timeline(SESSION);
const handle = openByBindings();
const draw = timeline.draw(0, "dice");
const deck = Array.from({ length: 52 }, (_, card) => card);
const nothing = isJavaScript ? (_handle, number) => number : emptyFunction();
const far = stepsOfOtherEpochs();

const BASELINE = "a function that returns its argument";
print(
  measure({
    [BASELINE]: near((step) => nothing(handle, step)),
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
    "`shuffle` of 52 cards": near(() => draw.shuffle(deck)[0]),
    "a timeline: created, used once and freed": near(usedOnce),
  }),
);

/** Creates a timeline without its class. */
function openByBindings() {
  bindings.writeText(SEED);
  return bindings.openTimeline(SESSION.start_at, SESSION.tick_ms, Number.NaN, Number.NaN, Number.NaN);
}

function die(step) {
  const own = timeline.draw(step, "dice");
  const thrown = own.below(6);
  own.free();
  return thrown;
}

function usedOnce(step) {
  const own = new Timeline(SESSION);
  const value = own.value(step);
  own.free();
  return value;
}

/** Calls a function with consecutive steps within an epoch. */
function near(call) {
  return each(
    Array.from({ length: EPOCH - 1 }, (_, step) => step),
    call,
  );
}

/** Calls a function with each of the steps in turn, in a loop that is compiled for this function only. */
function each(steps, call) {
  const loop = new Function(
    "steps",
    "call",
    `// ${loops++}
    return (count) => {
      let sum = 0;
      for (let left = count, at = 0; left > 0; left--) {
        sum += call(steps[at]);
        at = at + 1 < steps.length ? at + 1 : 0;
      }
      return sum;
    };`,
  );
  return loop(steps, call);
}

/** Returns steps that are each in another epoch than the previous one, within 400 years. */
function stepsOfOtherEpochs() {
  let random = 1;
  return Array.from({ length: 4_096 }, () => {
    random = (random * 48_271) % 2_147_483_647;
    return (random % 10_000_000) * EPOCH + (random % EPOCH);
  });
}

/** Returns a WebAssembly function, from a module of 42 bytes, that takes a handle and a number and returns the number. */
function emptyFunction() {
  const types = [0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7c, 0x01, 0x7c];
  const functions = [0x03, 0x02, 0x01, 0x00];
  const exports = [0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00];
  const code = [0x0a, 0x06, 0x01, 0x04, 0x00, 0x20, 0x01, 0x0b];
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const module = new WebAssembly.Module(
    new Uint8Array([...header, ...types, ...functions, ...exports, ...code]),
  );
  return new WebAssembly.Instance(module).exports.f;
}

/** Prints the table. Differences and ratios are taken within a round, under the same load of the machine. */
function print(times) {
  const baseline = times[BASELINE];
  const lines = Object.entries(times).map(([name, own]) => {
    const more = formatted(median(own.map((time, round) => time - baseline[round])));
    const ratio = median(own.map((time, round) => time / baseline[round]));
    return [name, formatted(median(own)), own === baseline ? "" : more, Number(ratio.toPrecision(3))];
  });
  const table = [
    ["call", "time", "more than the first", "against the first"],
    ["---", "---:", "---:", "---:"],
    ...lines,
  ];
  const rows = table.map((cells) => `| ${cells.join(" | ")} |`);
  process.stdout.write(`${cpus()[0]?.model}, Node.js ${process.versions.node}\n\n${rows.join("\n")}\n`);
}

function formatted(nanoseconds) {
  return nanoseconds < 1_000 ? `${nanoseconds.toFixed(1)} ns` : `${(nanoseconds / 1_000).toFixed(2)} µs`;
}
