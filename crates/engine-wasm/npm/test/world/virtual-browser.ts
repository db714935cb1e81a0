/** A browser with several tabs, in virtual time: locks, channels, and six connections to a server over HTTP/1.1. */
import type { Channel, EventStream, PageDocument, Platform, StreamEvent } from "../../src/platform.js";
import { WakeEventSource } from "../../src/testing/virtual/wake-events.js";
import type { HttpWorld } from "./http-world.js";
import { VirtualConnections } from "./virtual-connections.js";
import { VirtualLocks } from "./virtual-locks.js";

/** How long a message from tab to tab takes, in milliseconds. */
const RELAYED_AFTER_MS = 1;
/** `EventSource.CLOSED`. */
const CLOSED = 2;

/** The channels with a name, each with its tab. */
type Channels = Set<{ readonly name: string; readonly tab: VirtualTab; readonly channel: Channel }>;

/** A browser. Its tabs share its locks, channels and connections. */
export class VirtualBrowser {
  readonly world: HttpWorld;
  readonly locks: VirtualLocks;
  readonly connections = new VirtualConnections();
  readonly channels: Channels = new Set();
  readonly tabs: VirtualTab[] = [];
  /** Whether messages between tabs get lost. */
  isDeaf = false;

  constructor(world: HttpWorld) {
    this.world = world;
    this.locks = new VirtualLocks(world.agenda);
  }

  /** Opens a tab. */
  open(): VirtualTab {
    const tab = new VirtualTab(this);
    this.tabs.push(tab);
    return tab;
  }
}

/** A tab: a page whose timers, messages and events wait while it is frozen, and never come once it is closed. */
export class VirtualTab {
  readonly browser: VirtualBrowser;
  readonly wakeEvents = new WakeEventSource();
  readonly document = new VirtualDocument();
  isClosed = false;
  #isFrozen = false;
  #held: (() => void)[] = [];
  readonly #streams = new Set<TabStream>();
  #random = 0;

  constructor(browser: VirtualBrowser) {
    this.browser = browser;
    this.#random = browser.tabs.length + 1;
  }

  /** Runs something once the tab is not frozen, unless it is closed. */
  run(task: () => void): void {
    if (this.#isFrozen) {
      this.#held.push(task);
    } else if (!this.isClosed) {
      task();
    }
  }

  /** Shows or hides the tab. Chromium does not tell a page that hides itself by opening another tab. */
  show(visibilityState: "visible" | "hidden", { isTold = true } = {}): void {
    this.document.visibilityState = visibilityState;
    if (!isTold) {
      return;
    }
    this.document.dispatchEvent(new Event("visibilitychange"));
    if (visibilityState === "visible") {
      this.wakeEvents.emit("back");
    }
  }

  /** Stops everything in the tab. Browsers tell the page before they do that to it, but nobody tells it of a debugger. */
  freeze({ isTold }: { readonly isTold: boolean }): void {
    if (isTold) {
      this.document.dispatchEvent(new Event("freeze"));
    }
    this.#isFrozen = true;
  }

  /** Lets everything run that has waited. */
  thaw({ isTold }: { readonly isTold: boolean }): void {
    this.#isFrozen = false;
    if (isTold) {
      this.wakeEvents.emit("woken");
    }
    for (const task of this.#held.splice(0)) {
      this.run(task);
    }
  }

  /** Closes the tab. The page is not told. */
  close(): void {
    this.isClosed = true;
    this.#held = [];
    for (const stream of this.#streams) {
      stream.close();
    }
    this.browser.locks.drop(this);
    for (const entry of this.browser.channels) {
      if (entry.tab === this) {
        this.browser.channels.delete(entry);
      }
    }
  }

  /** The number of streams that the tab holds. */
  get streams(): number {
    return this.#streams.size;
  }

  /** What the tab's pages have not given back. */
  get leftovers(): Record<"streams" | "locks" | "channels", number> {
    const { browser } = this;
    return {
      streams: this.streams,
      locks: browser.locks.countOf(this),
      channels: [...browser.channels].filter(({ tab }) => tab === this).length,
    };
  }

  /** The platform of the tab's page. */
  get platform(): Platform {
    const { world, connections } = this.browser;
    return {
      ...world.platform,
      timers: {
        set: (run, delayMs) => world.platform.timers.set(() => this.run(run), delayMs),
      },
      random: () => this.#nextRandom(),
      wakeEvents: this.wakeEvents.subscribe,
      fetch: (...request) => this.#later(connections.fetch(world.server.fetch, ...request)),
      EventSource: this.#eventSource(),
      locks: this.browser.locks.of(this),
      channel: this.#channelClass(),
      document: this.document,
    };
  }

  /** Different in each tab, and evenly distributed. */
  #nextRandom(): number {
    this.#random = (this.#random + (Math.sqrt(5) - 1) / 2) % 1;
    return this.#random;
  }

  #later<Result>(promise: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      promise.then(
        (result) => this.run(() => resolve(result)),
        (error: unknown) => this.run(() => reject(error)),
      );
    });
  }

  #eventSource(): new (address: string) => EventStream {
    const [tab, streams] = [this, this.#streams];
    return class extends TabStream {
      constructor(address: string) {
        super(tab, address);
        streams.add(this);
      }

      override close(): void {
        super.close();
        streams.delete(this);
      }
    };
  }

  #channelClass(): new (name: string) => Channel {
    const { browser } = this;
    const { channels } = browser;
    const tab = this;
    return class implements Channel {
      onmessage: Channel["onmessage"] = null;
      readonly #entry: { readonly name: string; readonly tab: VirtualTab; readonly channel: Channel };

      constructor(name: string) {
        this.#entry = { name, tab, channel: this };
        channels.add(this.#entry);
      }

      postMessage(message: unknown): void {
        const data = structuredClone(message);
        for (const other of channels) {
          if (other.channel !== this && other.name === this.#entry.name && !browser.isDeaf) {
            browser.world.agenda.in(RELAYED_AFTER_MS, () =>
              other.tab.run(() => channels.has(other) && other.channel.onmessage?.({ data })),
            );
          }
        }
      }

      close(): void {
        channels.delete(this.#entry);
      }
    };
  }
}

/** The document of a tab. */
class VirtualDocument extends EventTarget implements PageDocument {
  visibilityState: "visible" | "hidden" = "visible";
}

/** A stream that needs one of the browser's connections. */
class TabStream implements EventStream {
  readonly #tab: VirtualTab;
  readonly #listeners: [string, (event: StreamEvent) => void][] = [];
  readonly #giveBack: () => void;
  #stream: EventStream | undefined;
  #isClosed = false;

  constructor(tab: VirtualTab, address: string) {
    this.#tab = tab;
    const { connections, world } = tab.browser;
    this.#giveBack = connections.take(() => {
      const stream = new world.server.EventSource(address);
      this.#stream = stream;
      stream.addEventListener("error", () => {
        if (stream.readyState === CLOSED) {
          this.#giveBack();
        }
      });
      for (const [type, listener] of this.#listeners) {
        stream.addEventListener(type, (event) => this.#tab.run(() => listener(event)));
      }
    });
  }

  get readyState(): number {
    return this.#isClosed ? CLOSED : (this.#stream?.readyState ?? 0);
  }

  addEventListener(type: string, listener: (event: StreamEvent) => void): void {
    this.#listeners.push([type, listener]);
    this.#stream?.addEventListener(type, (event) => this.#tab.run(() => listener(event)));
  }

  close(): void {
    this.#isClosed = true;
    this.#stream?.close();
    this.#giveBack();
  }
}
