/** What streaming every step would cost, compared with what the players really send and receive, as counted. */

/** The header of a WebSocket message of less than 126 bytes, as a server sends it. */
const FRAME_BYTES = 2;
const MILLION = 1_000_000;
/** The most requests that a player's clock sends in a minute, once it is set (docs/clock.md). */
const REQUESTS_A_MINUTE = 8;
const MINUTE_S = 60;

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
  /** What all players together have sent and received since the beginning. */
  readonly requests: number;
  readonly bytes: number;
  /** How many steps each player has shown. */
  readonly steps: number;
  readonly tickMs: number;
  /** The shortest message that says the state. */
  readonly message: string;
}

export function costsOf({ players, requests, bytes, steps, tickMs, message }: Measured): Costs {
  const messageBytes = message.length + FRAME_BYTES;
  const answerBytes = requests > 0 ? bytes / requests : 0;
  const ticks = 1_000 / tickMs;
  const asks = REQUESTS_A_MINUTE / MINUTE_S;
  return {
    counted: {
      messages: requests / players,
      bytes: bytes / players,
      millionMessages: asks * MILLION,
      millionBytes: asks * answerBytes * MILLION,
    },
    streamed: {
      messages: steps,
      bytes: steps * messageBytes,
      millionMessages: ticks * MILLION,
      millionBytes: ticks * messageBytes * MILLION,
    },
    arithmetic: [
      `Counted: ${requests} requests and ${bytes} bytes of answers and events, divided by ${players} players.`,
      `A million players, once their clocks are set: at most ${REQUESTS_A_MINUTE} requests a minute each, with the ${Math.round(answerBytes)} bytes that an answer has had here on average, times 1,000,000, divided by ${MINUTE_S} s.`,
      `Streamed: ${steps} steps, with a message of ${messageBytes} bytes each: ${message} and ${FRAME_BYTES} bytes of a WebSocket header.`,
      `A million players: ${ticks} steps a second, times ${messageBytes} bytes, times 1,000,000.`,
      "Left out: the headers of requests on the one side, some 40 bytes of TCP and IP headers for each message on the other.",
    ],
  };
}
