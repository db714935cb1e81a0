/** Web Locks of a virtual browser: one exclusive lock for each name, given to tabs in the order in which they asked. */
import type { Locks } from "../../src/platform.js";
import type { Agenda } from "../../src/testing/virtual/agenda.js";
import type { VirtualTab } from "./virtual-browser.js";

type LockOptions = Parameters<Locks["request"]>[1];

interface LockRequest {
  readonly tab: VirtualTab;
  readonly granted: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** How long the browser takes to grant a lock, in milliseconds. */
const GRANTED_AFTER_MS = 1;

/** All locks of a browser. */
export class VirtualLocks {
  /** Whether requests are never answered. */
  isHanging = false;
  readonly #agenda: Agenda;
  readonly #holders = new Map<string, LockRequest>();
  readonly #waiting = new Map<string, LockRequest[]>();

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  /** The tab that holds a lock. */
  holder(name: string): VirtualTab | undefined {
    return this.#holders.get(name)?.tab;
  }

  /** The number of locks that a tab holds or waits for. */
  countOf(tab: VirtualTab): number {
    const all = [...this.#holders.values(), ...[...this.#waiting.values()].flat()];
    return all.filter((request) => request.tab === tab).length;
  }

  /** Returns the locks as a tab sees them. */
  of(tab: VirtualTab): Locks {
    return {
      request: (name, options, granted) =>
        new Promise((resolve, reject) => {
          const request = { tab, granted, resolve: () => resolve(undefined), reject };
          if (!this.isHanging) {
            this.#agenda.in(GRANTED_AFTER_MS, () => this.#add(name, request, options));
          }
        }),
    };
  }

  /** Releases everything that a tab holds or waits for, because it is closed. */
  drop(tab: VirtualTab): void {
    for (const [name, waiting] of this.#waiting) {
      this.#waiting.set(
        name,
        waiting.filter((request) => request.tab !== tab),
      );
    }
    for (const [name, holder] of this.#holders) {
      if (holder.tab === tab) {
        this.#release(name, holder);
      }
    }
  }

  #add(name: string, request: LockRequest, { signal, steal = false }: LockOptions): void {
    if (request.tab.isClosed || signal?.aborted === true) {
      request.tab.run(() => request.reject(signal?.reason));
      return;
    }
    signal?.addEventListener("abort", () => this.#withdraw(name, request, signal.reason));
    const holder = this.#holders.get(name);
    if (steal) {
      holder?.tab.run(() => holder.reject(new DOMException("the lock was stolen", "AbortError")));
      this.#give(name, request);
    } else {
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), request]);
      this.#giveNext(name);
    }
  }

  #withdraw(name: string, request: LockRequest, reason: unknown): void {
    const waiting = this.#waiting.get(name) ?? [];
    if (waiting.includes(request)) {
      this.#waiting.set(
        name,
        waiting.filter((other) => other !== request),
      );
      request.reject(reason);
    }
  }

  #giveNext(name: string): void {
    const [next, ...others] = this.#waiting.get(name) ?? [];
    if (next !== undefined && !this.#holders.has(name)) {
      this.#waiting.set(name, others);
      this.#give(name, next);
    }
  }

  #give(name: string, request: LockRequest): void {
    this.#holders.set(name, request);
    request.tab.run(() => {
      void request.granted().then(() => {
        this.#release(name, request);
        request.resolve();
      });
    });
  }

  #release(name: string, request: LockRequest): void {
    if (this.#holders.get(name) === request) {
      this.#holders.delete(name);
      this.#agenda.in(GRANTED_AFTER_MS, () => this.#giveNext(name));
    }
  }
}
