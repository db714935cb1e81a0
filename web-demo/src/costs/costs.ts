/** What streaming every step would cost, compared with what the players really send and receive, as counted. */
import type { Shown } from "../player/messages.js";

/** The header of a WebSocket message of less than 126 bytes, as a server sends it. */
const FRAME_BYTES = 2;
const MILLION = 1_000_000;
/** The most requests that a player's clock sends in a minute, once it is set (docs/clock.md). */
const REQUESTS_A_MINUTE = 8;
const MINUTE_S = 60;

/** The figures of one side of the comparison. */
export interface Side {
  /** What has passed since the beginning, for all players together. */
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

/** What streaming the steps that players have shown would have taken. */
export interface Streamed {
  readonly steps: number;
  readonly bytes: number;
}

/** What the costs are computed from. */
export interface Measured {
  /** What all players together have sent and received since the beginning, those that have left included. */
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
      `Counted: ${requests} requests and ${bytes} bytes of answers and events, for all players since this session was opened, also those that have left.`,
      `A million players, once their clocks are set, and where changes reach them as events: at most ${REQUESTS_A_MINUTE} requests a minute each, with the ${Math.round(answerBytes)} bytes that an answer has had here on average, times 1,000,000, divided by ${MINUTE_S} s.`,
      `Streamed: the ${steps} steps that these players have shown, each as a message like ${message} with ${FRAME_BYTES} bytes of a WebSocket header: ${streamed.bytes} bytes in all.`,
      `A million players: ${ticks} steps a second, times ${presentBytes} bytes, times 1,000,000.`,
      "Left out: the headers of requests on the one side, some 40 bytes of TCP and IP headers for each message on the other.",
    ],
  };
}
