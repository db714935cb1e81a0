/** What streaming every step would cost, compared with what the players really send and receive, as counted. */

/** The header of a WebSocket message of less than 126 bytes, as a server sends it. */
const FRAME_BYTES = 2;
export const MILLION = 1_000_000;

/** The figures of one side of the comparison. */
export interface Side {
  /** What passed since the beginning, for one player. */
  readonly messages: number;
  readonly bytes: number;
  /** What passes in a second for a million players. */
  readonly millionMessages: number;
  readonly millionBytes: number;
}

export interface Costs {
  readonly counted: Side;
  readonly streamed: Side;
  /** How the figures come about, in words. */
  readonly arithmetic: readonly string[];
}

/** What the costs are computed from. */
export interface Measured {
  readonly players: number;
  /** What all players together have sent and received since the beginning, and within the last span. */
  readonly requests: number;
  readonly bytes: number;
  readonly spanRequests: number;
  readonly spanBytes: number;
  readonly spanMs: number;
  /** How many steps each player has shown. */
  readonly steps: number;
  readonly tickMs: number;
  /** The shortest message that says the state. */
  readonly message: string;
}

export function costsOf(measured: Measured): Costs {
  const { players, requests, bytes, spanRequests, spanBytes, spanMs, steps, tickMs, message } = measured;
  const messageBytes = message.length + FRAME_BYTES;
  const perSecond = (number: number): number => (spanMs > 0 ? (number / players / spanMs) * 1_000 : 0);
  const ticks = 1_000 / tickMs;
  const seconds = Math.round(spanMs / 1_000);
  return {
    counted: {
      messages: requests / players,
      bytes: bytes / players,
      millionMessages: perSecond(spanRequests) * MILLION,
      millionBytes: perSecond(spanBytes) * MILLION,
    },
    streamed: {
      messages: steps,
      bytes: steps * messageBytes,
      millionMessages: ticks * MILLION,
      millionBytes: ticks * messageBytes * MILLION,
    },
    arithmetic: [
      `Counted: ${requests} requests and ${bytes} bytes of answers and events, divided by ${players} players.`,
      `In the last ${seconds} s they sent ${spanRequests} requests and received ${spanBytes} bytes. A million players: that, divided by ${players} and by ${seconds} s, times 1,000,000. The first minute is the dearest, because the clocks are being set.`,
      `Streamed: ${steps} steps, with a message of ${messageBytes} bytes each: ${message} and ${FRAME_BYTES} bytes of a WebSocket header.`,
      `A million players: ${ticks} steps a second, times ${messageBytes} bytes, times 1,000,000.`,
      "Neither side counts the headers of TCP, IP and TLS, nor the headers of requests.",
    ],
  };
}
