/** The attacks: each opens connections, does harm for a while, and says what became of them. */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** How many connections most attacks open. The server allows 200 for each address. */
const FEW = 150;

/** How many clients send requests without reading the responses. */
const FEW_DEAF = 20;

/** How often a slow attacker sends a byte. */
const DRIP_MS = 500;

/** How many connections are opened at once, so that this process can keep up. */
const BATCH = 200;

/** How many connections the limit for one address is tried with. */
const FROM_ONE_ADDRESS = 3_000;

/** How many connections guess idempotency keys at once, and from how many addresses. A guess that nobody has used creates a session. */
const GUESSES = { connections: 50, addresses: 5 };

/** How long a flood waits for responses before the next wave. */
const WAVE_MS = 1_000;

/** A connection of an attacker, and what the server has done with it. */
export class Victim {
  received = "";
  isOpen = true;

  constructor(port, localAddress, { reads = true } = {}) {
    this.socket = connect({ host: "127.0.0.1", port, localAddress, allowHalfOpen: true });
    this.connected = new Promise((resolve) => this.socket.once("connect", resolve).once("error", resolve));
    this.socket.on("error", () => {
      this.isOpen = false;
    });
    this.ended = new Promise((resolve) => this.socket.once("end", resolve).once("close", resolve));
    this.isDeaf = !reads;
    if (reads) {
      this.socket.on("data", (data) => {
        // Enough to see what happened.
        if (this.received.length < 65_536) this.received += data.toString("latin1");
      });
      this.socket.on("end", () => {
        this.isOpen = false;
      });
    } else {
      this.socket.pause();
    }
    this.socket.on("close", () => {
      this.isOpen = false;
    });
  }

  send(text) {
    if (this.isOpen) this.socket.write(text, "latin1", () => {});
  }

  /** Returns the statuses of all responses. */
  get statuses() {
    return [...this.received.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => status);
  }

  destroy() {
    this.socket.destroy();
  }
}

/** Opens connections, each from the address that `addressOf` gives for its number. */
async function open({ port }, count, addressOf = () => "127.0.1.1", options = {}) {
  const victims = [];
  for (let number = 0; number < count; number += 1) {
    victims.push(new Victim(port, addressOf(number), options));
    if (victims.length % BATCH === 0) await Promise.all(victims.slice(-BATCH).map(({ connected }) => connected));
  }
  await Promise.all(victims.map(({ connected }) => connected));
  return victims;
}

/** Says what became of the connections, and closes them. */
function outcome(victims) {
  const counts = new Map();
  count(victims, counts);
  return inWords(counts);
}

const inWords = (counts) => [...counts].map(([key, count]) => `${count} × ${key}`).join("; ");

/** Counts what became of the connections, and closes them. */
function count(victims, counts) {
  for (const victim of victims) {
    const status = victim.isDeaf ? "unread" : (victim.statuses.at(-1) ?? "no response");
    const key = `${status}${victim.isOpen ? "" : ", closed"}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    victim.destroy();
  }
}

/** Sends a byte on every connection again and again. */
async function drip(victims, { ms }, byte) {
  for (const until = performance.now() + ms; performance.now() < until; await wait(DRIP_MS)) {
    for (const victim of victims) victim.send(byte);
  }
}

const head = (method, path, headers = []) => [`${method} ${path} HTTP/1.1`, "host: a", ...headers].join("\r\n");
const post = (headers) => head("POST", "/v1/sessions", ["content-type: application/json", ...headers]);

/** Gives each connection an address of its own, because a server that anybody can reach limits what one address may create. */
const ownAddress = (number) => `127.2.${number}.1`;

/** Attacks in waves: opens connections, sends `textOf` each, waits for the responses, looks at what became of them, and begins again. */
async function flood(limits, textOf, { connections = FEW, addressOf = ownAddress, look = count } = {}) {
  const counts = new Map();
  for (const until = performance.now() + limits.ms; performance.now() < until; ) {
    const victims = await open(limits, connections, addressOf);
    victims.forEach((victim, number) => victim.send(textOf(number)));
    const answered = Promise.all(victims.map(({ ended }) => ended));
    await Promise.race([answered, wait(WAVE_MS)]);
    look(victims, counts);
  }
  return inWords(counts);
}

async function slowHeads(limits) {
  const victims = await open(limits, FEW);
  for (const victim of victims) victim.send(`${head("GET", "/v1/time")}\r\nx: `);
  await drip(victims, limits, "a");
  return outcome(victims);
}

async function slowHeadsOfSecondRequests(limits) {
  const victims = await open(limits, FEW);
  for (const victim of victims) victim.send(`${head("GET", "/v1/time")}\r\n\r\n${head("GET", "/v1/time")}\r\nx: `);
  await drip(victims, limits, "a");
  return outcome(victims);
}

async function slowBodies(limits) {
  const victims = await open(limits, FEW, ownAddress);
  for (const victim of victims) victim.send(`${post(["content-length: 60000"])}\r\n\r\n{`);
  await drip(victims, limits, " ");
  return outcome(victims);
}

/** Listeners that read nothing, while the session changes often. */
async function deafListeners(limits) {
  const victims = await open(limits, FEW, undefined, { reads: false });
  for (const victim of victims) victim.send(`${head("GET", `${limits.session}/events`)}\r\n\r\n`);
  const [changer] = await open(limits, 1, () => "127.0.1.2");
  for (const until = performance.now() + limits.ms; performance.now() < until; await wait(50)) {
    for (const action of ["pause", "resume"]) {
      changer.send(`${head("POST", `${limits.session}/${action}`, ["content-length: 0"])}\r\n\r\n`);
    }
  }
  changer.destroy();
  return outcome(victims);
}

/**
 * Clients that send request after request and never read a response. The server works on until the buffers of the connections are full, so
 * only a few of them keep it busy for seconds.
 */
async function deafClients(limits) {
  const victims = await open(limits, FEW_DEAF, undefined, { reads: false });
  const requests = `${head("GET", limits.session, ['if-none-match: "a"'])}\r\n\r\n`.repeat(100);
  for (const until = performance.now() + limits.ms; performance.now() < until; await wait(DRIP_MS)) {
    // A full socket takes no more; without this check, this process would keep what it cannot send.
    for (const victim of victims) if (victim.socket.writableLength === 0) victim.send(requests);
  }
  return outcome(victims);
}

function headerFloods(limits) {
  const many = `${head("GET", "/v1/time", Array.from({ length: 1_000 }, (_, number) => `x-${number}: ${"a".repeat(20)}`))}\r\n\r\n`;
  const long = `${head("GET", "/v1/time")}\r\nx: ${"a".repeat(400_000)}`;
  return flood(limits, (number) => (number % 2 === 0 ? many : long));
}

function deepJson(limits) {
  const bodies = ["[".repeat(65_000), `{"tick_ms":1,"metadata":${'{"a":'.repeat(10_000)}`, `{"tick_ms":1,"metadata":{"a":${"[".repeat(100)}${"]".repeat(100)}}}`];
  const texts = bodies.map((body) => `${post([`content-length: ${body.length}`, "connection: close"])}\r\n\r\n${body}`);
  return flood(limits, (number) => texts[number % texts.length]);
}

function oversizeBodies(limits) {
  const chunks = `${post(["transfer-encoding: chunked"])}\r\n\r\n${`8000\r\n${" ".repeat(0x8000)}\r\n`.repeat(4)}`;
  const long = `${post(["content-length: 1000000000"])}\r\n\r\n${" ".repeat(100_000)}`;
  return flood(limits, (number) => (number % 2 === 0 ? chunks : long));
}

/** Guesses the key of an honest request, to get its answer: keys that look like it, and short ones that many would choose. */
async function guessedKeys(limits) {
  const { body, key, session } = limits.secret;
  let guessed = 0;
  const requests = () => {
    const number = guessed++;
    const guesses = [`${key.slice(0, -6)}${String(number).padStart(6, "0")}`, randomBytes(16).toString("hex"), String(number)];
    const heads = guesses.map((guess) => post([`content-length: ${body.length}`, `idempotency-key: "${guess}"`]));
    return heads.map((text, index) => `${text}${index === heads.length - 1 ? "\r\nconnection: close" : ""}\r\n\r\n${body}`).join("");
  };
  const look = (victims, counts) => {
    for (const victim of victims) {
      for (const status of victim.statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
      if (victim.received.includes(session)) limits.secret.isFound = true;
      victim.destroy();
    }
  };
  const addressOf = (number) => `127.4.${number % GUESSES.addresses}.1`;
  const outcomes = await flood(limits, requests, { connections: GUESSES.connections, addressOf, look });
  return `${outcomes}; the answer was ${limits.secret.isFound ? "FOUND" : "not found"}`;
}

/** Idle connections from so many addresses that no limit for an address applies. */
async function idleConnections(limits) {
  const victims = await open(limits, limits.connections, (number) => `127.1.${Math.floor(number / FEW)}.1`);
  await wait(limits.ms);
  return outcome(victims);
}

async function oneAddress(limits) {
  const victims = await open(limits, FROM_ONE_ADDRESS);
  await wait(limits.ms);
  return outcome(victims);
}

export const ATTACKS = [
  { name: "slow heads", attack: slowHeads },
  { name: "slow heads of second requests", attack: slowHeadsOfSecondRequests },
  { name: "slow bodies", attack: slowBodies },
  { name: "listeners that never read", attack: deafListeners },
  { name: "clients that never read", attack: deafClients },
  { name: "header floods", attack: headerFloods },
  { name: "deep JSON", attack: deepJson },
  { name: "oversize bodies", attack: oversizeBodies },
  { name: "idle connections", attack: idleConnections },
  { name: "guessed idempotency keys", attack: guessedKeys },
  { name: `${FROM_ONE_ADDRESS} connections from one address`, attack: oneAddress },
];
