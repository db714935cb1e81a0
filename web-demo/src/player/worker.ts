/** A player: a client of its own that uses the npm package as any game would, on a device and a network that the page bends. */
import { connect, type LiveSession } from "tickseed";

import { machineNow } from "../machine-time.js";
import { Device } from "./device.js";
import { Hearing } from "./hearing.js";
import type { FromPlayer, Relayed, ToPlayer } from "./messages.js";
import { Network } from "./network.js";
import { RelayedStreams } from "./relayed-stream.js";
import { tamperingWith } from "./tampering.js";

type Start = ToPlayer & { readonly kind: "start" };

/** How often a player reports its state: at least, if nothing changes, and at most, in milliseconds. */
const AT_LEAST_EVERY_MS = 500;
const AT_MOST_EVERY_MS = 20;

function tell(message: FromPlayer): void {
  postMessage(message);
}

/** A connected player. */
class Player {
  readonly #device = new Device();
  readonly #network: Network;
  readonly #streams: RelayedStreams;
  readonly #tamper: (address: string, body: string) => string;
  readonly #hearing = new Hearing();
  #session: LiveSession | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;
  #isToldSoon = false;

  constructor({ address, bend, fault, tickMs }: Start) {
    this.#tamper = tamperingWith(fault, tickMs);
    this.#network = new Network(this.#device, this.#tamper, (what) => {
      if (what === "session") {
        this.#hearing.asked();
      }
      tell({ kind: "traffic", traffic: this.#network.traffic });
    });
    this.#streams = new RelayedStreams(this.#device, this.#network, (stream, isOpen) =>
      tell({ kind: "stream", stream, isOpen }),
    );
    this.#device.bend(bend);
    this.#network.bend(bend);
    this.#network.onPlug((isPlugged) => {
      if (isPlugged) {
        this.#device.whenAwake(() => this.#device.tell("back"));
      }
    });
    void this.#play(address);
  }

  hear(message: Exclude<ToPlayer, Start>): void {
    if (message.kind === "stream") {
      this.#streams.receive(message.stream, this.#tampered(message.relayed));
    } else if (message.kind === "sleep") {
      this.#sleep(message.forMs);
    } else {
      this.#network.bend(message.bend);
      this.#device.whenAwake(() => {
        this.#device.bend(message.bend);
        this.#show();
      });
    }
  }

  async #play(address: string): Promise<void> {
    try {
      const session = await connect(address, {
        retry: true,
        onRetry: ({ error }) => tell({ kind: "failed", reason: String(error), isFinal: false }),
        platform: {
          time: this.#device.time,
          timers: this.#device.timers,
          wakeEvents: this.#device.wakeEvents,
          fetch: this.#network.fetch,
          watchResourceTiming: this.#network.watchResourceTiming,
          EventSource: this.#streams.EventSource,
          document: undefined,
        },
      });
      this.#session = session;
      this.#watch(session);
    } catch (error) {
      tell({ kind: "failed", reason: String(error), isFinal: true });
    }
  }

  #watch(session: LiveSession): void {
    session.on("state", () => this.#show());
    session.on("changed", ({ stepsTakenBack }) => this.#correct(stepsTakenBack));
    session.on("stopped", ({ stepsTakenBack }) => this.#correct(stepsTakenBack));
    session.on("unsupported", (error) => tell({ kind: "failed", reason: String(error), isFinal: true }));
    for (const event of ["sync", "synced", "settled", "status", "listening"] as const) {
      session.on(event, () => this.#show());
    }
    const again = (): void => {
      if (performance.now() - this.#toldMs >= AT_LEAST_EVERY_MS / 2) {
        this.#show();
      }
      this.#device.timers.set(again, AT_LEAST_EVERY_MS);
    };
    again();
  }

  #correct(stepsTakenBack: number): void {
    this.#show();
    if (stepsTakenBack > 0) {
      tell({ kind: "corrected", stepsTakenBack });
    }
  }

  /** Reports the state of this player to the page. */
  #show(): void {
    const session = this.#session;
    if (session === undefined || session.isClosed || this.#device.isAsleep) {
      return;
    }
    const waitMs = this.#toldMs + AT_MOST_EVERY_MS - performance.now();
    if (waitMs > 0) {
      this.#showSoon(waitMs);
      return;
    }
    const from = machineNow();
    const frame = session.frame();
    // The clock was read in between.
    const readingMs = machineNow() - from;
    const { step, value, round, broken, started, startsInMs, status, nextBreakInMs, isSettled, now } = frame;
    this.#toldMs = performance.now();
    this.#hearing.note(this.#isDeaf(session));
    const { isDeaf, asksEveryMs } = this.#hearing;
    tell({
      kind: "shows",
      shown: {
        ...{ from, step, value, round, broken, started, startsInMs, status, nextBreakInMs, isSettled, now },
        heldMs: frame.nextTickInMs,
        errorMs: frame.errorMs + readingMs,
        isSynced: session.clock.synced,
        deviceMs: this.#device.wallMs,
        version: versionOf(session),
        revision: session.record.revision,
        ...{ isDeaf, asksEveryMs },
      },
    });
  }

  /** Whether the player would miss a change. No change follows a stop or the end of the session. */
  #isDeaf(session: LiveSession): boolean {
    const isOver = session.isExpired || session.isStopped;
    const hears = session.isListening && this.#streams.areAlive;
    return this.#network.isPlugged && !isOver && !hears;
  }

  #showSoon(waitMs: number): void {
    if (!this.#isToldSoon) {
      this.#isToldSoon = true;
      this.#device.timers.set(() => {
        this.#isToldSoon = false;
        this.#show();
      }, waitMs);
    }
  }

  #sleep(forMs: number): void {
    if (this.#device.isAsleep) {
      return;
    }
    this.#device.sleep();
    tell({ kind: "asleep", isAsleep: true });
    setTimeout(() => {
      this.#device.wake();
      tell({ kind: "asleep", isAsleep: false });
    }, forMs);
  }

  #tampered(relayed: Relayed): Relayed {
    if (!("event" in relayed) || relayed.event.data === undefined) {
      return relayed;
    }
    return { ...relayed, event: { ...relayed.event, data: this.#tamper("", relayed.event.data) } };
  }
}

/** Returns a text that differs between two versions of a session. */
function versionOf({ record }: LiveSession): string {
  return JSON.stringify([record.revision, record.schedule, record.stopped_at ?? null]);
}

let player: Player | undefined;

addEventListener("message", ({ data }: MessageEvent<ToPlayer>) => {
  if (data.kind === "start") {
    player = new Player(data);
  } else {
    player?.hear(data);
  }
});
