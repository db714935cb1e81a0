/**
 * Prints what calls of the engine cost from JavaScript, as a Markdown table; `scripts/bench-wasm` in the repository's root
 * runs it. A report, not a test: times differ between machines. The baseline of the same run is a call of a WebAssembly
 * function that gives back the number it is given.
 */
import { cpus } from "node:os";

import * as bindings from "../dist/engine/bindings.js";
import { loadEngine, Timeline } from "../dist/index.js";
import { measure, median } from "./measure.js";

const SEED = "550e8400-e29b-41d4-a716-446655440000";
const SESSION = { seed: SEED, start_at: 0, tick_ms: 100 };
/** How many steps an epoch has by the default rules. */
const EPOCH = 12_864;

/** Loops differ in this number, else the compiler would take them for the same and compile one for all calls. */
let loops = 0;

await loadEngine();
const timeline = new Timeline(SESSION);
const handle = openByBindings();
const draw = timeline.draw(0, "dice");
const deck = Array.from({ length: 52 }, (_, card) => card);
const nothing = emptyFunction();
const far = stepsOfOtherEpochs();

const BASELINE = "a function that gives back its argument";
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
    "one die of the next step, a draw of its own": near(die),
    "`shuffle` of 52 cards": near(() => draw.shuffle(deck)[0]),
    "a timeline, made, asked once and freed": near(onceAsked),
  }),
);

/** A timeline without the class around it. */
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

function onceAsked(step) {
  const own = new Timeline(SESSION);
  const value = own.value(step);
  own.free();
  return value;
}

/** Calls for one step after the other, within an epoch. */
function near(call) {
  return each(
    Array.from({ length: EPOCH - 1 }, (_, step) => step),
    call,
  );
}

/** Calls for one of these steps after the other, in a loop that is compiled for this call alone. */
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

/** Each in another epoch than the one before, anywhere within 400 years. */
function stepsOfOtherEpochs() {
  let random = 1;
  return Array.from({ length: 4_096 }, () => {
    random = (random * 48_271) % 2_147_483_647;
    return (random % 10_000_000) * EPOCH + (random % EPOCH);
  });
}

/** Takes a handle and a number and gives back the number, as a module of 42 bytes. */
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

/** Differences and ratios are taken within a round, where the machine was the same for both. */
function print(times) {
  const baseline = times[BASELINE];
  const lines = Object.entries(times).map(([name, own]) => {
    const more = shown(median(own.map((time, round) => time - baseline[round])));
    const ratio = median(own.map((time, round) => time / baseline[round]));
    return [name, shown(median(own)), own === baseline ? "" : more, Number(ratio.toPrecision(3))];
  });
  const table = [
    ["call", "time", "more than the first", "against the first"],
    ["---", "---:", "---:", "---:"],
    ...lines,
  ];
  const rows = table.map((cells) => `| ${cells.join(" | ")} |`);
  process.stdout.write(`${cpus()[0]?.model}, Node.js ${process.versions.node}\n\n${rows.join("\n")}\n`);
}

function shown(nanoseconds) {
  return nanoseconds < 1_000 ? `${nanoseconds.toFixed(1)} ns` : `${(nanoseconds / 1_000).toFixed(2)} µs`;
}
