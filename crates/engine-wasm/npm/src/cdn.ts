/**
 * The same exports as `inline.ts`, as the global `tickseed`. The build turns this file into a classic script that contains everything,
 * for `<script src>`.
 *
 * @packageDocumentation
 */
import * as everything from "./inline.js";

declare global {
  /** The package, on pages that load it with `<script src>`. */
  var tickseed: typeof everything;
}

globalThis.tickseed = everything;
