/**
 * The one file that names the generated glue. `scripts/build-wasm` in the repository makes it from the Rust crate, where each
 * function is described.
 */
import { __wbg_set_wasm, __wbindgen_init_externref_table, write } from "../../generated/tickseed.js";

export {
  below,
  closeDraw,
  closeTimeline,
  engineVersion,
  exchange,
  openDraw,
  openTimeline,
  refusal,
  round,
  roundPart,
  stepAt,
  timeOf,
  unit,
  value,
  word,
} from "../../generated/tickseed.js";

/** What an instance of the module is made with. */
export const imports = { "./tickseed_bg.js": { __wbindgen_init_externref_table } };

/** From now on the functions above are those of this instance. */
export function start({ exports }: WebAssembly.Instance): void {
  __wbg_set_wasm(exports);
  (exports as { __wbindgen_start: () => void }).__wbindgen_start();
}

/** Hands over the text that the next opening takes. It has to be well-formed. */
export function writeText(text: string): void {
  for (const character of text) {
    write(character.codePointAt(0) as number);
  }
}
