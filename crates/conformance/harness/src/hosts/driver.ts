/** The WebAssembly module of `crates/conformance/driver`. This file runs in every JavaScript engine, browsers included. */

/** A driver as hosts use it. In a browser its answers are asynchronous. */
export interface Driver {
  /** Returns the target and the build. */
  build(): Awaitable<string>;
  /** Returns the version of the definition that its engine implements. */
  version(): Awaitable<number>;
  /** Starts a digest. */
  start(order: number): Awaitable<void>;
  /** Adds the next states. */
  advance(states: number): Awaitable<void>;
  /** Returns the digest so far. */
  finish(): Awaitable<string>;
  /** Returns the transcript of one state. */
  describe(order: number, state: number): Awaitable<string>;
}

export type Awaitable<T> = T | Promise<T>;

/** The functions that a WebAssembly module imports. */
export type Imports = Record<string, (...numbers: number[]) => number | undefined>;

/** The functions that the module exports. */
interface Exports {
  build(): number;
  version(): number;
  start(order: number): void;
  advance(states: number): void;
  finish(): number;
  describe(order: number, state: number): number;
  character(index: number): number;
}

/** The part of the global `WebAssembly` used here, which every engine has. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array<ArrayBuffer>,
    imports: Record<string, Imports>,
  ): Promise<{ module: object; instance: { exports: unknown } }>;
  readonly Module: { imports(module: object): readonly unknown[] };
};

/** Instantiates a driver: with `engine` one that imports it, otherwise one that contains an engine. */
export async function instantiate(bytes: Uint8Array<ArrayBuffer>, engine?: Imports): Promise<Driver> {
  const imports: Record<string, Imports> = engine === undefined ? {} : { engine };
  const { module, instance } = await WebAssembly.instantiate(bytes, imports);
  if (engine !== undefined && WebAssembly.Module.imports(module).length === 0) {
    throw new Error("the driver contains an engine and would not ask the package's");
  }
  const driver = instance.exports as Exports;
  const text = (length: number) =>
    Array.from({ length }, (_, index) => String.fromCodePoint(driver.character(index))).join("");
  return {
    build: () => text(driver.build()),
    version: () => driver.version(),
    start: (order) => driver.start(order),
    advance: (states) => driver.advance(states),
    finish: () => text(driver.finish()),
    describe: (order, state) => text(driver.describe(order, state)),
  };
}
