/** Tests of the network that the browser tests use. */
import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";

import { startProxy, type TcpProxy } from "./proxy.js";
import { until } from "./until.js";

/** The time that timers and polling add, in milliseconds. */
const SLACK_MS = 60;

/** Echoes everything, prefixed with the time of its arrival. */
class Echo {
  readonly #listener: Server;
  readonly heard: { readonly text: string; readonly atMs: number }[] = [];
  readonly sockets = new Set<Socket>();

  constructor() {
    this.#listener = createServer((socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        this.heard.push({ text: String(chunk), atMs: performance.now() });
        socket.write(chunk);
      });
    });
  }

  async listen(): Promise<number> {
    this.#listener.listen(0, "127.0.0.1");
    await once(this.#listener, "listening");
    const address = this.#listener.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  close(): void {
    this.#listener.close();
    for (const socket of this.sockets) {
      socket.destroy();
    }
  }
}

/** A client of the echo server. */
class Caller {
  readonly socket: Socket;
  text = "";
  failure: string | undefined;
  isEnded = false;

  constructor(port: number) {
    this.socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("data", (chunk) => {
      this.text += String(chunk);
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.failure = error.code;
    });
    this.socket.on("end", () => {
      this.isEnded = true;
    });
  }

  say(text: string): void {
    this.socket.write(text);
  }

  /** Waits until all of this was echoed. */
  async hears(text: string): Promise<void> {
    await until(`the answer "${text}"`, () => this.text === text);
  }
}

let echo: Echo;
let port: number;
let proxy: TcpProxy;
let callers: Caller[];

beforeEach(async () => {
  echo = new Echo();
  port = await echo.listen();
  proxy = await startProxy(port);
  callers = [];
});

afterEach(async () => {
  for (const { socket } of callers) {
    socket.destroy();
  }
  await proxy.close();
  echo.close();
});

function call(to: number | string = proxy.address): Caller {
  const caller = new Caller(typeof to === "number" ? to : Number(new URL(to).port));
  callers.push(caller);
  return caller;
}

function expectShortest(timesMs: readonly number[], delayMs: number): void {
  const shortest = Math.min(...timesMs);
  // Timers count whole milliseconds.
  expect(shortest).toBeGreaterThanOrEqual(delayMs - 1);
  expect(shortest).toBeLessThan(delayMs + SLACK_MS);
}

/** Long enough for anything that would arrive; meanwhile others are echoed repeatedly. */
async function othersAreAnswered(): Promise<void> {
  const other = call(port);
  for (let count = 1; count <= 20; count += 1) {
    other.say(".");
    await other.hears(".".repeat(count));
  }
}

test("each direction has a separate delay", async () => {
  proxy.delays = { there: { fixedMs: 40 }, back: { fixedMs: 120 } };
  const caller = call();
  await once(caller.socket, "connect");
  const trips: { readonly thereMs: number; readonly backMs: number }[] = [];
  for (let count = 1; count <= 5; count += 1) {
    const askedMs = performance.now();
    caller.say("a");
    await caller.hears("a".repeat(count));
    const heardMs = echo.heard.at(-1)?.atMs ?? Number.NaN;
    trips.push({ thereMs: heardMs - askedMs, backMs: performance.now() - heardMs });
  }
  // A busy machine delays some of them more.
  const there = trips.map(({ thereMs }) => thereMs);
  const back = trips.map(({ backMs }) => backMs);
  expectShortest(there, 40);
  expectShortest(back, 120);
});

test("a random delay never lets data overtake other data", async () => {
  proxy.delays = { there: { fixedMs: 0, jitterMs: 20 }, back: { fixedMs: 0, jitterMs: 20 } };
  const caller = call();
  let said = "";
  for (let count = 0; count < 100; count += 1) {
    said += `${count} `;
    caller.say(`${count} `);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await caller.hears(said);
  expect(echo.heard.map(({ text }) => text).join("")).toBe(said);
});

test("a cut network blocks everything and ends nothing, and delivers it afterward", async () => {
  const [before, leaving] = [call(), call()];
  before.say("a");
  leaving.say("b");
  await Promise.all([before.hears("a"), leaving.hears("b")]);
  proxy.cut();
  before.say("c");
  leaving.socket.end();
  const during = call();
  during.say("d");
  await othersAreAnswered();
  expect([before.text, during.text, before.failure, during.failure]).toEqual(["a", "", undefined, undefined]);
  expect([before.isEnded, leaving.isEnded, during.isEnded]).toEqual([false, false, false]);
  proxy.mend("resumed");
  await Promise.all([before.hears("ac"), during.hears("d")]);
  await until("the farewell to be answered", () => leaving.isEnded);
});

test("a cut may end connections: they are reset, or lost silently", async () => {
  const first = call();
  first.say("a");
  await first.hears("a");
  proxy.cut();
  first.say("b");
  proxy.mend("reset");
  await until("the reset", () => first.failure === "ECONNRESET");

  const second = call();
  second.say("c");
  await second.hears("c");
  proxy.cut();
  second.say("d");
  proxy.mend("lost");
  second.say("e");
  const third = call();
  third.say("f");
  await third.hears("f");
  await othersAreAnswered();
  expect([second.text, second.failure, second.isEnded]).toEqual(["c", undefined, false]);
});

test("both sides see a reset, and new connections are possible", async () => {
  const caller = call();
  caller.say("a");
  await caller.hears("a");
  proxy.reset();
  await until("the reset", () => caller.failure === "ECONNRESET");
  await until("the server to notice", () => echo.sockets.size === 0);
  const next = call();
  next.say("b");
  await next.hears("b");
});

test("one side sees the end or failure of the other", async () => {
  const caller = call();
  caller.say("a");
  await caller.hears("a");
  caller.socket.resetAndDestroy();
  await until("the server to notice", () => echo.sockets.size === 0);

  const other = call();
  other.say("b");
  await other.hears("b");
  for (const socket of echo.sockets) {
    socket.end();
  }
  await until("the end", () => other.isEnded);
});

test("connections can be refused, and accepted on the same port again", async () => {
  const { address } = proxy;
  await proxy.refuse();
  const caller = call(address);
  await until("the refusal", () => caller.failure === "ECONNREFUSED");
  await proxy.listen();
  expect(proxy.address).toBe(address);
  const next = call();
  next.say("a");
  await next.hears("a");
});
