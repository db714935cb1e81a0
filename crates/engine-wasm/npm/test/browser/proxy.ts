/** A network between a browser and a server, as slow and as broken as a test needs. */
import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";

import { type Delay, Lane } from "./lane.js";

export type { Delay } from "./lane.js";

/** The delays of the two directions. */
export interface Delays {
  /** From the browser to the server. */
  readonly there: Delay;
  /** From the server to the browser. */
  readonly back: Delay;
}

/** What happens to connections over a cut: `lost` ones stay open and silent, as behind a router that forgot them. */
export type Fate = "resumed" | "reset" | "lost";

const NONE: Delays = { there: { fixedMs: 0 }, back: { fixedMs: 0 } };

/** A TCP proxy. Created by {@link startProxy}. */
export class TcpProxy {
  /** The delays of data sent from now on. */
  delays: Delays;
  readonly #target: number;
  #listener: Server;
  #port = 0;
  #connections = new Set<Connection>();
  #isCut = false;

  constructor(target: number, delays: Delays) {
    this.#target = target;
    this.delays = delays;
    this.#listener = this.#newListener();
  }

  /** The address that it listens on. */
  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, after {@link refuse} on the same port as before. */
  async listen(): Promise<void> {
    this.#listener.listen(this.#port, "127.0.0.1");
    await once(this.#listener, "listening");
    const address = this.#listener.address();
    this.#port = typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Blocks all data silently. New connections are possible and stay silent. */
  cut(): void {
    this.#isCut = true;
    for (const connection of this.#connections) {
      connection.cut();
    }
  }

  /** Ends a cut. */
  mend(fate: Fate): void {
    this.#isCut = false;
    for (const connection of this.#connections) {
      if (fate === "resumed") {
        connection.mend();
      } else if (fate === "reset") {
        connection.reset();
      }
    }
  }

  /** Resets every connection. New ones are possible. */
  reset(): void {
    for (const connection of this.#connections) {
      connection.reset();
    }
  }

  /** Resets every connection, and refuses new ones until it listens again. */
  async refuse(): Promise<void> {
    const closed = once(this.#listener, "close");
    this.#listener.close();
    this.reset();
    await closed;
    this.#listener = this.#newListener();
  }

  /** Ends the proxy. */
  async close(): Promise<void> {
    if (this.#listener.listening) {
      await this.refuse();
    }
    this.reset();
  }

  #newListener(): Server {
    return createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      const far = createConnection({
        port: this.#target,
        host: "127.0.0.1",
        allowHalfOpen: true,
        noDelay: true,
      });
      const connection = new Connection(near, far, () => this.delays);
      this.#connections.add(connection);
      connection.whenGone(() => this.#connections.delete(connection));
      if (this.#isCut) {
        connection.cut();
      }
    });
  }
}

/** Starts a proxy in front of a port of this machine. */
export async function startProxy(target: number, delays: Delays = NONE): Promise<TcpProxy> {
  const proxy = new TcpProxy(target, delays);
  await proxy.listen();
  return proxy;
}

/** A connection from the browser, and the corresponding one to the server. */
class Connection {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #there: Lane;
  readonly #back: Lane;

  constructor(near: Socket, far: Socket, delays: () => Delays) {
    this.#near = near;
    this.#far = far;
    this.#there = new Lane(() => delays().there);
    this.#back = new Lane(() => delays().back);
    carry(near, this.#there, far);
    carry(far, this.#back, near);
  }

  cut(): void {
    this.#there.cut();
    this.#back.cut();
  }

  mend(): void {
    this.#there.mend();
    this.#back.mend();
  }

  reset(): void {
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
  }

  whenGone(gone: () => void): void {
    let open = 2;
    for (const socket of [this.#near, this.#far]) {
      socket.on("close", () => {
        open -= 1;
        if (open === 0) {
          gone();
        }
      });
    }
  }
}

/** Forwards everything from one socket to the other after the delay, including its end and failure. */
function carry(from: Socket, lane: Lane, to: Socket): void {
  from.on("data", (chunk) => lane.send(() => to.write(chunk)));
  from.on("end", () => lane.send(() => to.end()));
  // A failure only needs to be forwarded to the other side.
  from.on("error", () => undefined);
  from.on("close", (hasFailed) => lane.send(() => (hasFailed ? to.resetAndDestroy() : to.destroySoon())));
}
