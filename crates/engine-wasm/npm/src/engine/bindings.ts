/**
 * The only file that imports the generated bindings. `scripts/build-wasm` in the repository generates them from the Rust crate,
 * which documents each function.
 */
import { __wbg_set_wasm, __wbindgen_init_externref_table, write } from "../../generated/tickseed.js";

export {
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
} from "../../generated/tickseed.js";

/** The imports of the module. */
export const imports = { "./tickseed_bg.js": { __wbindgen_init_externref_table } };

/** Makes the functions above call this instance. */
export function start({ exports }: WebAssembly.Instance): void {
  __wbg_set_wasm(exports);
  (exports as { __wbindgen_start: () => void }).__wbindgen_start();
}

/** Passes the text that the next call of `openTimeline` or `openDraw` uses. It must be well-formed. */
export function writeText(text: string): void {
  for (const character of text) {
    write(character.codePointAt(0) as number);
  }
}
