/** The server of a virtual world, as its host uses it. */
import { milliseconds } from "../engine/instant.js";
import type { Instant } from "../engine/session.js";
import type { SessionRecord } from "../index.js";
import type { Action, ChangeJson } from "./server/change-request.js";
import type { VirtualServer } from "./server/virtual-server.js";
import type { WorldChange, WorldServer } from "./types.js";

/** Changes sessions without a network in between. */
export class HostedServer implements WorldServer {
  readonly address: string;
  readonly #server: VirtualServer;

  constructor(server: VirtualServer, address: string) {
    this.#server = server;
    this.address = address;
  }

  get clockAheadMs(): number {
    return this.#server.aheadMs;
  }

  set clockAheadMs(ms: number) {
    this.#server.aheadMs = ms;
  }

  session(address: string | URL): SessionRecord {
    return this.#server.sessions.find(idOf(address));
  }

  stopSession(address: string | URL, { at }: { readonly at?: Instant } = {}): SessionRecord {
    return this.#change(address, "stop", { at: timestamp("at", at) });
  }

  pauseSession(address: string | URL, options: WorldChange = {}): SessionRecord {
    return this.#change(address, "pause", whenOf(options));
  }

  resumeSession(
    address: string | URL,
    options: WorldChange & { readonly tickMs?: number } = {},
  ): SessionRecord {
    return this.#change(address, "resume", { tick_ms: options.tickMs, ...whenOf(options) });
  }

  setRate(address: string | URL, tickMs: number, options: WorldChange = {}): SessionRecord {
    return this.#change(address, "rate", { tick_ms: tickMs, ...whenOf(options) });
  }

  withdraw(address: string | URL, { from }: { readonly from?: Instant } = {}): SessionRecord {
    return this.#change(address, "withdraw", { from: timestamp("from", from) });
  }

  expireSession(address: string | URL): void {
    this.#server.sessions.expire(idOf(address));
  }

  #change(address: string | URL, action: Action, body: ChangeJson): SessionRecord {
    return this.#server.sessions.change(idOf(address), action, body);
  }
}

function whenOf({ at, replaceLater }: WorldChange): ChangeJson {
  return { at: timestamp("at", at), replace_later: replaceLater };
}

function timestamp(name: string, instant: Instant | undefined): string | undefined {
  return instant === undefined ? undefined : new Date(milliseconds(name, instant)).toISOString();
}

/** Returns the id at the end of a session's address. */
function idOf(address: string | URL): string {
  return new URL(address).pathname.replace(/\/$/, "").split("/").at(-1) ?? "";
}
