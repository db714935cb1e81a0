/** Exchanges over HTTP: requests to a server's `/v1/time`. */
import { SessionError } from "../http/error.js";
import { request } from "../http/request.js";
import type { ServerTime } from "../http/schemas.js";
import type { Platform } from "../platform.js";
import type { AskTime, Exchange } from "./inputs.js";
import type { RequestStamps } from "./resource-timing.js";

/** The number of exchanges on this page, over all clocks. */
let exchanges = 0;

/** Returns a function that asks for the time at an address. */
export function askOver(platform: Platform, address: string): AskTime {
  // Several pages may share a cache that ignores `no-store`.
  const page = Math.floor(platform.random() * 2 ** 32).toString(36);
  return async (signal) => {
    exchanges += 1;
    // The server ignores the query. It keeps the browser's timing entries of two exchanges apart.
    const unique = `${address}${address.includes("?") ? "&" : "?"}${page}${exchanges}`;
    const watch = platform.watchResourceTiming?.(unique);
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
  stamps: () => Promise<RequestStamps | undefined> | undefined,
): Promise<Exchange> {
  let answeredMs = Number.NaN;
  // It is not asynchronous: an error in the call is not one of the network.
  const stampingFetch: typeof fetch = (...parameters) =>
    fetch(...parameters).then((response) => {
      answeredMs = time.monotonicMs();
      return response;
    });
  const askedMs = time.monotonicMs();
  const answer = await request({ fetch: stampingFetch, timers }, address, { cache: "no-store" }, signal);
  const { received_us, sent_us, server } = checked(address, answer);
  const narrowest = narrower({ askedMs, answeredMs }, await stamps());
  return { ...narrowest, receivedMs: received_us / 1_000, sentMs: sent_us / 1_000, server };
}

/** Combines stamps of one request that both hold: it left after the later start and was answered by the earlier end. */
function narrower(around: RequestStamps, browser: RequestStamps | undefined): RequestStamps {
  const askedMs = Math.max(around.askedMs, browser?.askedMs ?? around.askedMs);
  const answeredMs = Math.min(around.answeredMs, browser?.answeredMs ?? around.answeredMs);
  // If they contradict each other, the browser's entry belongs to another request.
  return askedMs <= answeredMs ? { askedMs, answeredMs } : around;
}

function checked(address: string, answer: unknown): ServerTime {
  const { received_us, sent_us, server = "" } = (answer ?? {}) as Partial<ServerTime>;
  const areTimes = Number.isSafeInteger(received_us) && Number.isSafeInteger(sent_us);
  if (!(areTimes && (sent_us as number) >= (received_us as number))) {
    throw new SessionError("bad_answer", `the response from ${address} contains no valid time`);
  }
  return { ...(answer as ServerTime), server: String(server) };
}
