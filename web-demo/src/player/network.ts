/** A player's network. It delays, loses, cuts and counts all that the player sends and receives. */
import type { Platform } from "tickseed";

import type { Device } from "./device.js";
import { addTraffic, type Bend, NO_TRAFFIC, type Traffic } from "./messages.js";
import { type Stamps, watchTiming } from "./resource-timing.js";

type NetworkBend = Omit<Bend, "aheadMs" | "driftPpm">;

/** After how long a lost transmission is sent again, in milliseconds: doubled each time, as TCP does. */
const RESEND_MS = 250;
/** How often it is sent before the connection breaks. */
const SENT_AT_MOST = 6;

/** The kinds of traffic: a request for the time or the session, or data that arrived. */
export type Counted = "time" | "session" | "received";

/** Changes the body of a response, for a planted fault. */
export type Tamper = (address: string, body: string) => string;

/** The network of a player. */
export class Network {
  readonly #device: Device;
  readonly #tamper: Tamper;
  readonly #counted: (what: Counted) => void;
  #bend: NetworkBend = { upMs: 0, downMs: 0, jitterMs: 0, lossPercent: 0, isPlugged: true };
  #cable = new AbortController();
  readonly #plugListeners = new Set<(isPlugged: boolean) => void>();
  #traffic = NO_TRAFFIC;
  /** The stamps of requests for the time, by their addresses, until the clock asks for them. */
  readonly #stamps = new Map<string, Stamps>();

  /** @param counted Called whenever the traffic has grown. */
  constructor(device: Device, tamper: Tamper, counted: (what: Counted) => void) {
    this.#device = device;
    this.#tamper = tamper;
    this.#counted = counted;
  }

  get isPlugged(): boolean {
    return this.#bend.isPlugged;
  }

  get traffic(): Traffic {
    return this.#traffic;
  }

  bend(bend: NetworkBend): void {
    const wasPlugged = this.isPlugged;
    this.#bend = bend;
    if (wasPlugged !== bend.isPlugged) {
      this.#plug(bend.isPlugged);
    }
  }

  /** Calls a listener when the cable is pulled or plugged in. Returns a function that ends this. */
  onPlug(listener: (isPlugged: boolean) => void): () => void {
    this.#plugListeners.add(listener);
    return () => this.#plugListeners.delete(listener);
  }

  /** Returns how long something takes to be sent, or to be received, in milliseconds; `undefined` if the connection breaks. */
  delay(way: "up" | "down"): number | undefined {
    const { upMs, downMs, jitterMs, lossPercent } = this.#bend;
    let delayMs = (way === "up" ? upMs : downMs) + jitterMs * Math.random();
    for (let sent = 1; Math.random() * 100 < lossPercent; sent += 1) {
      if (sent === SENT_AT_MOST) {
        return undefined;
      }
      delayMs += RESEND_MS * 2 ** (sent - 1);
    }
    return delayMs;
  }

  /** Counts an event of the stream. */
  countEvent(bytes: number): void {
    this.#count("received", { events: 1, bytes });
  }

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const address = String(input);
    const ending = new AbortController();
    const cut = (): void => ending.abort(new TypeError("the network was unplugged"));
    const given = (): void => ending.abort(init.signal?.reason);
    const cable = this.#cable.signal;
    cable.addEventListener("abort", cut);
    init.signal?.addEventListener("abort", given);
    try {
      if (!this.isPlugged) {
        throw new TypeError("the network is unplugged");
      }
      return await this.#exchange(address, { ...init, signal: ending.signal });
    } finally {
      cable.removeEventListener("abort", cut);
      init.signal?.removeEventListener("abort", given);
    }
  };

  /** Gives the clock the stamps of its requests, as this device's clock saw them. */
  readonly watchResourceTiming: Platform["watchResourceTiming"] = (address) => ({
    stamps: () => Promise.resolve(this.#stamps.get(address)),
    end: () => this.#stamps.delete(address),
  });

  async #exchange(address: string, init: RequestInit & { readonly signal: AbortSignal }): Promise<Response> {
    const isTime = isForTime(address);
    if (isTime) {
      this.#count("time", { timeRequests: 1 });
    } else {
      this.#count("session", { otherRequests: 1 });
    }
    const upMs = await this.#pass("up", init.signal);
    const timing = isTime ? watchTiming(new URL(address, location.href).href) : undefined;
    const response = await fetch(address, init);
    const body = await response.arrayBuffer();
    const stamps = await timing?.();
    const downMs = await this.#pass("down", init.signal);
    this.#count("received", { bytes: body.byteLength + headerBytes(response) });
    if (stamps !== undefined) {
      this.#stamps.set(address, {
        askedMs: this.#device.monotonicAt(stamps.askedMs) - upMs,
        answeredMs: this.#device.monotonicAt(stamps.answeredMs) + downMs,
      });
    }
    const { status, statusText, headers } = response;
    return new Response(this.#tamper(address, new TextDecoder().decode(body)), {
      status,
      statusText,
      headers,
    });
  }

  /** Waits while something is under way. Returns how long that was planned to take. */
  async #pass(way: "up" | "down", signal: AbortSignal): Promise<number> {
    const delayMs = this.delay(way);
    if (delayMs === undefined) {
      throw new TypeError("the connection broke");
    }
    if (delayMs > 0) {
      await pause(delayMs, signal);
    }
    await new Promise<void>((resolve) => this.#device.whenAwake(resolve));
    signal.throwIfAborted();
    return delayMs;
  }

  #count(what: Counted, more: Partial<Traffic>): void {
    this.#traffic = addTraffic(this.#traffic, { ...NO_TRAFFIC, ...more });
    this.#counted(what);
  }

  #plug(isPlugged: boolean): void {
    if (!isPlugged) {
      this.#cable.abort();
      this.#cable = new AbortController();
    }
    for (const listener of [...this.#plugListeners]) {
      listener(isPlugged);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    function end(): void {
      clearTimeout(timer);
      reject(signal.reason);
    }
    signal.addEventListener("abort", end, { once: true });
  });
}

export function isForTime(address: string): boolean {
  return /\/v1\/time(\?|$)/.test(address);
}

/** Returns how long the headers are that a page can see, as HTTP/1.1 sends them. */
function headerBytes({ status, statusText, headers }: Response): number {
  let bytes = `HTTP/1.1 ${status} ${statusText}\r\n\r\n`.length;
  headers.forEach((value, name) => {
    bytes += name.length + value.length + ": \r\n".length;
  });
  return bytes;
}
