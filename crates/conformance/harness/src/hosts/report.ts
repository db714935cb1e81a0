/** What every host of a driver does with its arguments: the same that the native program `digest` does with its own. */
import type { Driver } from "./driver.js";

export const ORDERS = ["scattered", "walk"] as const;
export type Order = (typeof ORDERS)[number];

/** A digest and where it comes from, as one line of JSON. */
export interface Line {
  readonly engine_version: number;
  readonly target: string;
  readonly build: string;
  readonly order: Order;
  readonly states: number;
  readonly digest: string;
  readonly seconds: number;
}

/** Where lines go. */
export interface Output {
  line(text: string): void;
  progress(states: number): void;
}

/** Tells how far it has got about as often; a call takes longer in slow engines than in fast ones. */
const MILLISECONDS_BETWEEN = 1000;

/** Does what the arguments say: `ORDER N...` or `ORDER --state N`. */
export async function report(driver: Driver, args: readonly string[], output: Output): Promise<void> {
  const [name, ...rest] = args;
  const order = ORDERS.indexOf(name as Order);
  if (order < 0 || rest.length === 0) {
    throw new Error("what is asked for is `scattered|walk N...` or `scattered|walk --state N`");
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
  const pace = paced(driver, output);
  let passed = 0;
  await driver.start(order);
  for (const states of numbers) {
    while (passed < states) {
      passed += await pace(passed, states - passed);
    }
    const digest = await driver.finish();
    const seconds = Math.round(performance.now() - started) / 1000;
    const line = { engine_version, target, build, order: ORDERS[order] as Order, states, digest, seconds };
    output.line(JSON.stringify(line satisfies Line));
  }
}

/** Advances by as many states as take about a second, and tells how far it has got. */
function paced(driver: Driver, output: Output): (passed: number, left: number) => Promise<number> {
  let atOnce = 1000;
  return async (passed, left) => {
    const states = Math.min(atOnce, left);
    const started = performance.now();
    await driver.advance(states);
    const took = performance.now() - started;
    atOnce = Math.ceil(states * Math.min(4, Math.max(0.25, MILLISECONDS_BETWEEN / Math.max(took, 1))));
    if (took > MILLISECONDS_BETWEEN / 2) {
      output.progress(passed + states);
    }
    return states;
  };
}
