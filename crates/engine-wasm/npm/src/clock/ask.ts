/** Exchanges over HTTP: asks a server's `/v1/time`. */

import { SessionError } from "../http/error.js";
import { request } from "../http/request.js";
import type { ServerTime } from "../http/schemas.js";
import type { Platform } from "../platform.js";
import type { AskTime, Exchange } from "./ports.js";
import type { WireStamps } from "./wire.js";

/** Tells the exchanges of this page apart, those of several clocks too. */
let asked = 0;

/** Asks at an address. */
export function askOver(platform: Platform, address: string): AskTime {
  // Pages of several players have a cache in common that should not be there.
  const page = Math.floor(platform.random() * 2 ** 32).toString(36);
  return async (signal) => {
    asked += 1;
    // The server does not look at it. Without, the browser's records of two exchanges could be taken for each other.
    const unique = `${address}?${page}${asked}`;
    const watch = platform.watchWire?.(unique);
    try {
      return await exchange(platform, unique, signal, () => watch?.stamps());
    } finally {
      watch?.end();
    }
  };
}

async function exchange(
  { fetch, timers, time }: Platform,
  address: string,
  signal: AbortSignal,
  stamps: () => Promise<WireStamps | undefined> | undefined,
): Promise<Exchange> {
  let answeredMs = Number.NaN;
  const stamping: typeof fetch = async (...asking) => {
    const response = await fetch(...asking);
    answeredMs = time.monotonicMs();
    return response;
  };
  const askedMs = time.monotonicMs();
  const answer = await request({ fetch: stamping, timers }, address, { cache: "no-store" }, signal);
  const { received_us, sent_us, server } = checked(address, answer);
  const onTheWire = within({ askedMs, answeredMs }, await stamps());
  return { ...onTheWire, receivedMs: received_us / 1_000, sentMs: sent_us / 1_000, server };
}

/** What is certain of both: the question left after the later start, and the answer had come by the earlier end. */
function within(around: WireStamps, wire: WireStamps | undefined): WireStamps {
  const askedMs = Math.max(around.askedMs, wire?.askedMs ?? around.askedMs);
  const answeredMs = Math.min(around.answeredMs, wire?.answeredMs ?? around.answeredMs);
  // A record of something else.
  return askedMs <= answeredMs ? { askedMs, answeredMs } : around;
}

function checked(address: string, answer: unknown): ServerTime {
  const { received_us, sent_us, server = "" } = (answer ?? {}) as Partial<ServerTime>;
  const areTimes = Number.isSafeInteger(received_us) && Number.isSafeInteger(sent_us);
  if (!(areTimes && (sent_us as number) >= (received_us as number))) {
    throw new SessionError("bad_answer", `${address} did not tell the time`);
  }
  return { ...(answer as ServerTime), server: String(server) };
}
