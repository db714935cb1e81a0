/**
 * The one file that names the generated glue. `scripts/build-wasm` in the repository makes it from the Rust crate.
 */
export {
  Draw as RawDraw,
  default as initialize,
  engineVersion,
  initSync as initializeSync,
  Timeline as RawTimeline,
} from "../../generated/tickseed.js";
