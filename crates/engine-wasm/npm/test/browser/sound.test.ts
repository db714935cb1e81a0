/** Sound that is scheduled ahead, as a browser's audio output plays it. */
import { expect, test } from "vitest";

import type { ComingStep } from "../../src/index.js";
import { startChromium } from "./browsers.js";
import type { Sample } from "./recorder.js";
import { NEAR, type Viewer } from "./stage.js";
import { setStage } from "./staged.js";
import { until } from "./until.js";

const AHEAD_MS = 300;
/** How long before a click it must be scheduled: the audio output works ahead too. */
const LEAST_MS = 100;
const CLICKS = 40;
/** How far from a moment the time stamps of the output may be that count for it, in milliseconds. */
const STAMPS_WITHIN_MS = 100;
/** How far a click may be from its tick, in milliseconds. */
const TOLERANCE_MS = 3;

const { stage, started } = setStage(() => startChromium(["--autoplay-policy=no-user-gesture-required"]));

declare global {
  interface Window {
    /** When clicks were heard, in seconds on the audio context. */
    clicks: number[];
    /** The steps that were told. */
    coming: (ComingStep & { isWithdrawn?: boolean })[];
    /** The time stamps of the audio output: what was heard when, both in milliseconds. */
    stamps: { readonly contextMs: number; readonly performanceMs: number }[];
  }
}

/** Runs in the page: plays a click at each step, and records when it is heard. */
async function clickAtEachStep({ aheadMs, leastMs }: { aheadMs: number; leastMs: number }): Promise<void> {
  const recorder = `registerProcessor("recorder", class extends AudioWorkletProcessor {
    last = 0;
    process([input]) {
      for (const [index, sample] of (input[0] ?? []).entries()) {
        if (sample > 0.5 && this.last <= 0.5) this.port.postMessage((currentFrame + index) / sampleRate);
        this.last = sample;
      }
      return true;
    }
  });`;
  const audio = new AudioContext();
  await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([recorder], { type: "text/javascript" })));
  const ear = new AudioWorkletNode(audio, "recorder");
  ear.connect(audio.destination);
  window.clicks = [];
  window.coming = [];
  window.stamps = [];
  ear.port.onmessage = ({ data }) => window.clicks.push(data);
  setInterval(() => {
    const { contextTime = 0, performanceTime = 0 } = audio.getOutputTimestamp();
    if (contextTime > 0) {
      window.stamps.push({ contextMs: 1_000 * contextTime, performanceMs: performanceTime });
    }
  }, 20);
  const buffer = audio.createBuffer(1, 96, audio.sampleRate);
  buffer.getChannelData(0).fill(1);
  window.session.ahead(
    aheadMs,
    (step) => {
      // The first steps are nearer, and a busy machine reports others late. A click that is scheduled late proves nothing.
      if (step.audioAt === undefined || step.performanceAt - performance.now() < leastMs) {
        return undefined;
      }
      const told: Window["coming"][number] = { ...step };
      window.coming.push(told);
      const click = new AudioBufferSourceNode(audio, { buffer });
      click.connect(ear);
      click.start(step.audioAt);
      return () => {
        told.isWithdrawn = true;
        click.disconnect();
      };
    },
    { audio },
  );
}

/** Runs in the page: returns the server's time, in milliseconds since the Unix epoch, at the zero of `performance.now()`. */
function originOfPerformance(): number {
  // `truth` is rounded down to a millisecond, so the largest difference is the right one.
  const differences = Array.from({ length: 20_000 }, () => window.truth() - performance.now());
  return differences.reduce((one, other) => Math.max(one, other));
}

/** How far a click was from its tick, in milliseconds. */
interface Offset {
  /** By the true time. */
  readonly trueMs: number;
  /** By the session's clock at that moment: what is left to the sound. */
  readonly ownMs: number;
}

/** Returns the offsets of all clicks that were heard while the output ran evenly. */
async function offsets({ tab, samples }: Viewer): Promise<Offset[]> {
  const originMs = await tab.evaluate(originOfPerformance, undefined);
  const heard = JSON.parse(
    await tab.evaluate(() => JSON.stringify([window.clicks, window.coming, window.stamps]), undefined),
  ) as [number[], Window["coming"], Window["stamps"]];
  const [clicks, told, stamps] = heard;
  const coming = told.filter(({ isWithdrawn = false }) => !isWithdrawn);
  const seen = await samples();
  return coming.slice(0, clicks.length).flatMap(({ at, performanceAt }, index) => {
    const zeroMs = zeroAround(stamps, performanceAt);
    // An output that runs dry, as on a busy machine, delays everything after that.
    if (!(Math.abs(zeroMs - zeroAround(stamps, performanceAt - AHEAD_MS)) <= 1)) {
      return [];
    }
    const heardMs = originMs + zeroMs + 1_000 * (clicks[index] ?? Number.NaN);
    const trueMs = heardMs - at;
    return [{ trueMs, ownMs: trueMs + clockErrorAt(seen, heardMs) }];
  });
}

/** Returns the reading of `performance.now()` at which the zero of the context would have been heard, judging by nearby stamps. */
function zeroAround(stamps: Window["stamps"], performanceAt: number): number {
  // A single time stamp jitters; the middle of several does not.
  const zeros = stamps
    .filter(({ performanceMs }) => Math.abs(performanceMs - performanceAt) < STAMPS_WITHIN_MS)
    .map(({ contextMs, performanceMs }) => performanceMs - contextMs)
    .sort((one, other) => one - other);
  return zeros[Math.floor(zeros.length / 2)] ?? Number.NaN;
}

/** Returns how far the session's clock was ahead at an instant, by the nearest sample of it. */
function clockErrorAt(samples: readonly Sample[], instant: number): number {
  const distance = ({ beforeMs }: Sample): number => Math.abs(beforeMs - instant);
  const { nowMs, beforeMs, afterMs } = samples.reduce((best, other) =>
    distance(other) < distance(best) ? other : best,
  );
  // The truth is rounded down to a millisecond.
  return nowMs - (beforeMs + afterMs + 1) / 2;
}

test("a click that is scheduled for a tick is heard at the tick", async ({ annotate }) => {
  const session = await stage.create({ tick_ms: 100 });
  const viewer = await stage.look({ browser: started(), session, delays: NEAR });
  // At the end of the first burst of requests the clock is corrected at once, too late for what was told just before.
  await until("the end of the first burst", () =>
    viewer.tab.evaluate(() => window.happened.some(({ kind }) => kind === "sync"), undefined),
  );
  await viewer.tab.evaluate(clickAtEachStep, { aheadMs: AHEAD_MS, leastMs: LEAST_MS });
  const count = () => viewer.tab.evaluate(() => window.clicks.length, undefined);
  await until("clicks", async () => (await count()) >= CLICKS, 30_000);
  const found = await offsets(viewer);
  const errorMs = await viewer.tab.evaluate(() => window.session.clock.errorMs, undefined);
  await annotate(
    `${found.length} clicks: ${described(found.map(({ ownMs }) => ownMs))} by the session's clock, ` +
      `${described(found.map(({ trueMs }) => trueMs))} in truth; the clock is right to ${errorMs.toFixed(1)} ms`,
  );
  expect(found.length).toBeGreaterThan(CLICKS / 2);
  // A busy machine may be late with a piece of sound, and then the click in it is late, whatever was scheduled.
  const exceptions = Math.ceil(found.length / 20);
  const off = (by: (click: { ownMs: number; trueMs: number }) => boolean) =>
    found.filter((click) => !by(click));
  expect(off(({ ownMs }) => Math.abs(ownMs) <= TOLERANCE_MS).length, "by its own clock").toBeLessThanOrEqual(
    exceptions,
  );
  expect(
    off(({ trueMs }) => Math.abs(trueMs) <= TOLERANCE_MS + errorMs).length,
    "in truth",
  ).toBeLessThanOrEqual(exceptions);
  expect(viewer.tab.complaints).toEqual([]);
});

function described(offsetsMs: readonly number[]): string {
  return `${Math.min(...offsetsMs).toFixed(2)} to ${Math.max(...offsetsMs).toFixed(2)} ms from their ticks`;
}

test("clicks that a stop takes back are not heard", async () => {
  const session = await stage.create({ tick_ms: 100 });
  const viewer = await stage.look({ browser: started(), session, delays: NEAR });
  await viewer.tab.evaluate(clickAtEachStep, { aheadMs: 4_000, leastMs: LEAST_MS });
  await until("clicks", async () => (await viewer.tab.evaluate(() => window.clicks.length, undefined)) >= 3);
  // Without its stream, the page could hear of the stop only after it has taken effect.
  await until("the stream is open", () => viewer.tab.evaluate(() => window.session.isListening, undefined));
  // On a busy machine a page hears of a stop late, and what has been heard by then cannot be taken back.
  const { stopped_at } = await stage.server.stop(session, Date.now() + 2_000);
  await viewer.isAskedAfter(Date.parse(stopped_at) + 2_500);
  const [clicks, told] = await viewer.tab.evaluate(
    () => [window.clicks.length, window.coming] as const,
    undefined,
  );
  const kept = told.filter(({ isWithdrawn = false }) => !isWithdrawn);
  expect(kept.filter(({ at }) => at > Date.parse(stopped_at))).toEqual([]);
  expect(told.length).toBeGreaterThan(kept.length + 5);
  expect(clicks).toBe(kept.length);
});
