/** The digest as a WebAssembly module, `crates/conformance/driver`. This file runs in every engine, browsers included. */

/** What a host asks a driver for. In a browser the answers take their time. */
export interface Driver {
  /** What it was built for and how. */
  build(): Awaitable<string>;
  /** The version of the definition that its engine computes. */
  version(): Awaitable<number>;
  /** Begins a digest. */
  start(order: number): Awaitable<void>;
  /** Takes the next states in. */
  advance(states: number): Awaitable<void>;
  /** The digest so far. */
  finish(): Awaitable<string>;
  /** One state in words. */
  describe(order: number, state: number): Awaitable<string>;
}

export type Awaitable<T> = T | Promise<T>;

/** Functions that a WebAssembly module takes. */
export type Imports = Record<string, (...numbers: number[]) => number | undefined>;

/** What the module exports. */
interface Exports {
  build(): number;
  version(): number;
  start(order: number): void;
  advance(states: number): void;
  finish(): number;
  describe(order: number, state: number): number;
  character(place: number): number;
}

/** As much of the global `WebAssembly` as is needed here, and as every engine has. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array<ArrayBuffer>,
    imports: Record<string, Imports>,
  ): Promise<{ module: object; instance: { exports: unknown } }>;
  readonly Module: { imports(module: object): readonly unknown[] };
};

/** A driver over an engine, or one that has an engine inside. */
export async function instantiate(bytes: Uint8Array<ArrayBuffer>, engine?: Imports): Promise<Driver> {
  const imports: Record<string, Imports> = engine === undefined ? {} : { engine };
  const { module, instance } = await WebAssembly.instantiate(bytes, imports);
  if (engine !== undefined && WebAssembly.Module.imports(module).length === 0) {
    throw new Error("the driver has an engine inside and would not ask the package's");
  }
  const driver = instance.exports as Exports;
  const text = (length: number) =>
    Array.from({ length }, (_, place) => String.fromCodePoint(driver.character(place))).join("");
  return {
    build: () => text(driver.build()),
    version: () => driver.version(),
    start: (order) => driver.start(order),
    advance: (states) => driver.advance(states),
    finish: () => text(driver.finish()),
    describe: (order, state) => text(driver.describe(order, state)),
  };
}
