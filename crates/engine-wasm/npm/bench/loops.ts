/** Loops that are compiled for one call only, and the function that such a loop is compared with. */
import type { Loop } from "./measure.js";

/** A number that differs between loops. Otherwise the compiler would compile identical loops once for all calls. */
let loops = 0;

/** Calls a function with each of the numbers in turn. */
export function each(numbers: readonly number[], call: (number: number) => number): Loop {
  const loop = new Function(
    "numbers",
    "call",
    `// ${loops++}
    return (count) => {
      let sum = 0;
      for (let left = count, at = 0; left > 0; left--) {
        sum += call(numbers[at]);
        at = at + 1 < numbers.length ? at + 1 : 0;
      }
      return sum;
    };`,
  ) as (numbers: readonly number[], call: (number: number) => number) => Loop;
  return loop(numbers, call);
}

/** Returns so many numbers from the first on. */
export function from(first: number, count: number, apart = 1): number[] {
  return Array.from({ length: count }, (_, index) => first + index * apart);
}

/** Returns a WebAssembly function, from a module of 42 bytes, that takes a handle and a number and returns the number. */
export function emptyFunction(): (handle: number, number: number) => number {
  const types = [0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7c, 0x01, 0x7c];
  const functions = [0x03, 0x02, 0x01, 0x00];
  const exports = [0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00];
  const code = [0x0a, 0x06, 0x01, 0x04, 0x00, 0x20, 0x01, 0x0b];
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const module = new WebAssembly.Module(
    new Uint8Array([...header, ...types, ...functions, ...exports, ...code]),
  );
  return new WebAssembly.Instance(module).exports.f as (handle: number, number: number) => number;
}
