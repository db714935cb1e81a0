/** The command line of every host of a driver, which is that of the native program `digest`. */
import type { Driver } from "./driver.js";

export const ORDERS = ["scattered", "walk", "schedules"] as const;
export type Order = (typeof ORDERS)[number];

/** A digest and its origin, printed as one line of JSON. */
export interface Line {
  readonly engine_version: number;
  readonly target: string;
  readonly build: string;
  readonly order: Order;
  readonly states: number;
  readonly digest: string;
  readonly seconds: number;
}

/** The destination of lines and of progress reports. */
export interface Output {
  line(text: string): void;
  progress(states: number): void;
}

/** The approximate time between two progress reports, in slow engines and in fast ones. */
const MILLISECONDS_BETWEEN_REPORTS = 1000;

/** Runs the command in the arguments: `ORDER N...` or `ORDER --state N`. */
export async function report(driver: Driver, args: readonly string[], output: Output): Promise<void> {
  const [name, ...rest] = args;
  const order = ORDERS.indexOf(name as Order);
  if (order < 0 || rest.length === 0) {
    const orders = ORDERS.join("|");
    throw new Error(`usage: ${orders} N... or ${orders} --state N`);
  }
  if (rest[0] === "--state") {
    output.line(await driver.describe(order, Number(rest[1])));
    return;
  }
  await digests(
    driver,
    order,
    rest.map(Number).toSorted((a, b) => a - b),
    output,
  );
}

async function digests(
  driver: Driver,
  order: number,
  numbers: readonly number[],
  output: Output,
): Promise<void> {
  const [target, build] = (await driver.build()).split("; ") as [string, string];
  const engine_version = await driver.version();
  const started = performance.now();
  const advance = pacedAdvance(driver, output);
  let done = 0;
  await driver.start(order);
  for (const states of numbers) {
    while (done < states) {
      done += await advance(done, states - done);
    }
    const digest = await driver.finish();
    const seconds = Math.round(performance.now() - started) / 1000;
    const line = { engine_version, target, build, order: ORDERS[order] as Order, states, digest, seconds };
    output.line(JSON.stringify(line satisfies Line));
  }
}

/** Returns a function that advances by about a second's worth of states, reports progress and returns their number. */
function pacedAdvance(driver: Driver, output: Output): (done: number, left: number) => Promise<number> {
  let atOnce = 1000;
  return async (done, left) => {
    const states = Math.min(atOnce, left);
    const started = performance.now();
    await driver.advance(states);
    const took = performance.now() - started;
    atOnce = Math.ceil(
      states * Math.min(4, Math.max(0.25, MILLISECONDS_BETWEEN_REPORTS / Math.max(took, 1))),
    );
    if (took > MILLISECONDS_BETWEEN_REPORTS / 2) {
      output.progress(done + states);
    }
    return states;
  };
}
