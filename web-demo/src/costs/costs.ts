/** The cost of streaming every step, compared with the players' real traffic, as counted. */
import type { Shown } from "../player/messages.js";

/** The header of a WebSocket message of less than 126 bytes, as a server sends it. */
const FRAME_BYTES = 2;
const MILLION = 1_000_000;
/** The most requests that a player's clock sends in a minute, once it is set (docs/clock.md). */
const REQUESTS_A_MINUTE = 8;
const MINUTE_S = 60;

/** The figures of one side of the comparison. */
export interface Side {
  /** The traffic of all players together, since the beginning. */
  readonly messages: number;
  readonly bytes: number;
  /** The traffic of a million players in a second. */
  readonly millionMessages: number;
  readonly millionBytes: number;
}

export interface Costs {
  readonly counted: Side;
  readonly streamed: Side;
  /** How the figures are computed, in words. */
  readonly arithmetic: readonly string[];
}

/** The messages that streaming would have needed for the steps that players have shown. */
export interface Streamed {
  readonly steps: number;
  readonly bytes: number;
}

/** The inputs of the costs. */
export interface Measured {
  /** The traffic of all players since the beginning, including those that have left. */
  readonly requests: number;
  readonly bytes: number;
  /** The steps that these players have shown, and the bytes of their messages. */
  readonly streamed: Streamed;
  readonly tickMs: number;
  /** The message of the present state. */
  readonly message: string;
}

type State = Pick<Shown, "step" | "value" | "round" | "broken">;

/** Returns the shortest message that says a state. */
export function messageOf({ step, value, round, broken }: State): string {
  return JSON.stringify({ step, value, round, broken });
}

/** Returns how many bytes it takes to stream a state to one player. */
export function messageBytes(state: State): number {
  return messageOf(state).length + FRAME_BYTES;
}

export function costsOf({ requests, bytes, streamed, tickMs, message }: Measured): Costs {
  const { steps } = streamed;
  const presentBytes = message.length + FRAME_BYTES;
  const answerBytes = requests > 0 ? bytes / requests : 0;
  const ticks = 1_000 / tickMs;
  const asks = REQUESTS_A_MINUTE / MINUTE_S;
  return {
    counted: {
      messages: requests,
      bytes,
      millionMessages: asks * MILLION,
      millionBytes: asks * answerBytes * MILLION,
    },
    streamed: {
      messages: steps,
      bytes: streamed.bytes,
      millionMessages: ticks * MILLION,
      millionBytes: ticks * presentBytes * MILLION,
    },
    arithmetic: [
      `Counted: ${requests} requests and ${bytes} bytes of answers and events, for all players since the page opened this session, including those that have left.`,
      `A million players, once their clocks are set and while events reach them: at most ${REQUESTS_A_MINUTE} requests a minute each, times ${Math.round(answerBytes)} bytes, the average of an answer here, times 1,000,000, divided by ${MINUTE_S} s.`,
      `Streamed: the ${steps} steps that these players have shown, each as a message like ${message} with ${FRAME_BYTES} bytes of a WebSocket header: ${streamed.bytes} bytes in all.`,
      `A million players: ${ticks} steps a second, times ${presentBytes} bytes, times 1,000,000.`,
      "Not counted: the headers of requests on one side, and about 40 bytes of TCP and IP headers for each message on the other.",
    ],
  };
}
