/** Runs in a page: measures the npm package, which the page loads from its files. */
import type * as tickseed from "../src/engine.js";
import { cases } from "./cases.js";
import { type Effort, type Measured, measure } from "./measure.js";

declare global {
  /** Set once the engine is loaded. */
  var measureCases: ((effort: Effort) => Promise<Measured[]>) | undefined;
  /** Shows the progress outside the page. */
  var began: (round: number) => void;
}

// Of a type that TypeScript does not look for: the server of the page knows the file.
const PACKAGE: string = "/package/dist/engine.js";
const engine: typeof tickseed = await import(PACKAGE);
await engine.loadEngine();
globalThis.measureCases = (effort) => measure(cases(engine), effort, globalThis.began);
