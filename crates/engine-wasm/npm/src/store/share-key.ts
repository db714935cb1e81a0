/** Which components share a session. */
import { sessionAddress } from "../http/address.js";
import { headerPairs } from "../platform.js";
import type { ConnectOptions } from "../session/connect.js";

/** The options that decide how a session is reached and computed. */
type Shaping = Pick<ConnectOptions, "catchUp" | "clock" | "engine" | "headers" | "platform" | "token">;

/**
 * Returns the key of a session: components with equal keys share it. The address counts as it is requested, with its query;
 * `token` counts too, headers count by name and value, addresses of the engine by their text, and `clock`, `platform` and other sources of the engine
 * as objects. A `record` does not count.
 */
export function shareKey(address: string | URL, options: Shaping): string {
  const { catchUp, clock, engine, headers, platform, token } = options;
  const source = engine instanceof URL ? engine.href : engine;
  return JSON.stringify([
    requested(address),
    catchUp,
    ...[clock, source, platform].map(identity),
    sorted(headers),
    token,
  ]);
}

function requested(address: string | URL): string {
  try {
    return sessionAddress(address).session;
  } catch {
    // Connecting to it fails with the reason.
    return String(address);
  }
}

function sorted(headers: ConnectOptions["headers"]): string[][] {
  return headerPairs(headers).sort(([one], [other]) => (one < other ? -1 : 1));
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Returns what tells an object apart from all others. */
function identity(value: unknown): unknown {
  if (!(value instanceof Object)) {
    return value;
  }
  const known = numbers.get(value);
  if (known !== undefined) {
    return known;
  }
  lastNumber += 1;
  numbers.set(value, lastNumber);
  return lastNumber;
}
