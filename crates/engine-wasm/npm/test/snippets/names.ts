/** What the programs in the texts use without declaring it: the stage provides it under these names. */

import type { Timeline } from "../../src/engine/timeline.js";
import type { Clock, LiveSession, SessionRecord } from "../../src/index.js";

/** A function of the reader's own program. */
type Own = (...values: unknown[]) => void;

/** The names and what they stand for. */
export interface Names {
  readonly session: LiveSession;
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly record: SessionRecord;
  readonly address: string;
  readonly addresses: readonly string[];
  readonly show: Own;
  readonly play: Own;
  readonly freeze: Own;
  readonly roll: Own;
  readonly draw: Own;
  readonly markAsProvisional: Own;
  readonly requestAnimationFrame: typeof globalThis.requestAnimationFrame;
  readonly button: { addEventListener(type: "click", listener: () => void): void };
  readonly AudioContext: typeof globalThis.AudioContext;
  readonly OscillatorNode: typeof globalThis.OscillatorNode;
  readonly console: { log(...values: unknown[]): void };
}

/** All of them, those that others are made from first. */
export const NAMES: readonly (keyof Names)[] = [
  "address",
  "addresses",
  "record",
  "session",
  "clock",
  "timeline",
  "show",
  "play",
  "freeze",
  "roll",
  "draw",
  "markAsProvisional",
  "requestAnimationFrame",
  "button",
  "AudioContext",
  "OscillatorNode",
  "console",
];
