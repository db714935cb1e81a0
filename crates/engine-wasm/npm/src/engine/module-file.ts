/** The WebAssembly file of this package. A separate module, so that bundlers leave the file out of `tickseed/inline`. */

/** Returns the address of the file. Bundlers recognise this expression and copy the file. */
export function moduleFile(): URL {
  return new URL("../../generated/tickseed_bg.wasm", import.meta.url);
}
