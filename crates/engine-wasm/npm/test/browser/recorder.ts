/** A page that is connected to a session, and a record of everything it receives. */
import type { CatchUp, Changed, LiveSession, State, StateRange, Stopped } from "../../src/index.js";
import type { Tab } from "./browsers.js";

declare global {
  interface Window {
    tickseed: typeof import("../../src/index.js");
    session: LiveSession;
    happened: Happened[];
    samples: Sample[];
  }
}

/** An event of the session. */
export interface Happened {
  readonly kind: "tick" | "break" | "changed" | "stopped" | "sync" | "listening" | "expired";
  /** The server's true time at the event. */
  readonly truthMs: number;
  /** The bound of the clock. */
  readonly errorMs: number;
  /** The state of a tick or a break. */
  readonly state?: State;
  readonly changed?: Changed;
  readonly stopped?: Stopped;
  readonly isListening?: boolean;
}

/** A sample of the session. */
export interface Sample extends StateRange {
  /** The server's true time before and after the sample. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** The page's monotonic clock. */
  readonly monotonicMs: number;
  readonly nowMs: number;
  readonly errorMs: number;
  readonly synced: boolean;
  readonly state: State;
}

/** Connects a page to a session, and records everything from then on. */
export function record(tab: Tab, address: string, catchUp: CatchUp = "all"): Promise<void> {
  return tab.evaluate(
    async (parameters) => {
      const session = await window.tickseed.connect(parameters.address, { catchUp: parameters.catchUp });
      window.session = session;
      window.happened = [];
      window.samples = [];
      const note = (kind: Happened["kind"], more: Partial<Happened>): void => {
        const { errorMs } = session.clock.read();
        window.happened.push({ kind, truthMs: window.truth(), errorMs, ...more });
      };
      const sample = (): void => {
        const beforeMs = window.truth();
        const { now: nowMs, errorMs, synced } = session.clock.read();
        const said = { nowMs, errorMs, synced, state: session.state(), ...session.stateRange() };
        const monotonicMs = performance.now();
        window.samples.push({ beforeMs, ...said, monotonicMs, afterMs: window.truth() });
      };
      const stateOf = ({ step, value, round, broken }: State): State => ({ step, value, round, broken });
      session.on("tick", (tick) => note("tick", { state: stateOf(tick) }));
      session.on("break", (happened) => note("break", { state: stateOf(happened) }));
      session.on("changed", (changed) => note("changed", { changed }));
      session.on("stopped", (stopped) => note("stopped", { stopped }));
      session.on("sync", () => note("sync", {}));
      session.on("listening", (isListening) => note("listening", { isListening }));
      session.on("expired", () => note("expired", {}));
      setInterval(sample, parameters.everyMs);
    },
    { address, catchUp, everyMs: 20 },
  );
}

/** Returns all events so far, as text, because Firefox passes an object that occurs twice only once. */
export async function happened(tab: Tab): Promise<readonly Happened[]> {
  return JSON.parse(await tab.evaluate(() => JSON.stringify(window.happened), undefined)) as Happened[];
}

/** Returns all samples so far. */
export async function samples(tab: Tab): Promise<readonly Sample[]> {
  return JSON.parse(await tab.evaluate(() => JSON.stringify(window.samples), undefined)) as Sample[];
}

/** Returns the last sample. */
export function lastSample(tab: Tab): Promise<Sample | undefined> {
  return tab.evaluate(() => window.samples.at(-1), undefined);
}
