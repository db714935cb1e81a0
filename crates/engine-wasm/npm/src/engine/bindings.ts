/**
 * The functions of the module. `scripts/build-wasm` in the repository generates their types from the Rust crate, which documents each.
 *
 * They take and return numbers only, so they need none of wasm-bindgen's glue and are called as the module exports them.
 */
import type * as functions from "../../generated/tickseed.js";

type Functions = typeof functions;

export let addChange: Functions["addChange"];
export let below: Functions["below"];
export let closeDraw: Functions["closeDraw"];
export let closeTimeline: Functions["closeTimeline"];
export let engineVersion: Functions["engineVersion"];
export let errorPart: Functions["errorPart"];
export let exchange: Functions["exchange"];
export let isPaused: Functions["isPaused"];
export let openDraw: Functions["openDraw"];
export let openTimeline: Functions["openTimeline"];
export let round: Functions["round"];
export let roundPart: Functions["roundPart"];
export let stepAt: Functions["stepAt"];
export let timeOf: Functions["timeOf"];
export let unit: Functions["unit"];
export let value: Functions["value"];
export let word: Functions["word"];
let write: Functions["write"];

/** The imports of the module. The glue would fill a table for values other than numbers, of which there are none. */
export const imports = { "./tickseed_bg.js": { __wbindgen_init_externref_table(): void {} } };

/** Makes the functions above those of a module. */
export function start(exports: object): void {
  ({
    addChange,
    below,
    closeDraw,
    closeTimeline,
    engineVersion,
    errorPart,
    exchange,
    isPaused,
    openDraw,
    openTimeline,
    round,
    roundPart,
    stepAt,
    timeOf,
    unit,
    value,
    word,
    write,
  } = exports as Functions);
}

/** Passes the text that the next call of `openTimeline` or `openDraw` uses. It must be well-formed. */
export function writeText(text: string): void {
  for (const character of text) {
    write(character.codePointAt(0) as number);
  }
}
