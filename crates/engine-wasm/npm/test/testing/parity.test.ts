/** The server of a virtual world answers as a real one does. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

import { type VirtualWorld, virtualWorld } from "../../src/testing.js";
import { TestServer } from "../browser/server.js";

/** A request of a session: how it changes it, and its fields. Instants are in milliseconds from now. */
type Request = readonly [action: string, fields?: Readonly<Record<string, unknown>>, ifMatch?: string];

/** Without a time to live, servers differ in how long a session exists. */
const STARTED = { tick_ms: 1_000, start_at: -60_000, ttl_seconds: 0 };

const CASES: readonly {
  readonly name: string;
  readonly of: object;
  readonly requests: readonly Request[];
}[] = [
  {
    name: "pauses and resumes",
    of: STARTED,
    requests: [
      ["pause", { at: 10_500 }],
      ["pause", { at: 20_000 }],
      ["rate", { at: 20_000, tick_ms: 50 }],
      ["resume", { at: 30_000 }],
      ["resume", { at: 40_000 }],
      ["pause", { at: 20_000 }],
      ["pause", { at: 20_000, replace_later: true }],
    ],
  },
  {
    name: "rates begin where a tick begins",
    of: STARTED,
    requests: [
      ["rate", { at: 10_250, tick_ms: 300 }],
      ["rate", { at: 20_000, tick_ms: 300 }],
      ["pause", { at: 30_000 }],
      ["resume", { at: 40_000, tick_ms: 70 }],
      ["pause", { at: 50_001, replace_later: false }],
      ["resume", { at: 60_000, tick_ms: 70 }],
    ],
  },
  {
    name: "a pause on a tick leaves nothing to end",
    of: STARTED,
    requests: [
      ["pause", { at: 10_000 }],
      ["resume", { at: 20_000, tick_ms: 50 }],
    ],
  },
  {
    name: "withdrawals",
    of: STARTED,
    requests: [
      ["withdraw"],
      ["pause", { at: 10_000 }],
      ["resume", { at: 20_000 }],
      ["withdraw", { from: 15_000 }],
      ["withdraw", { from: 15_000 }],
      ["withdraw"],
      ["pause", { at: 300 }],
      ["withdraw", { from: 0 }],
      ["pause", { at: 300, replace_later: true }],
    ],
  },
  {
    name: "stops",
    of: STARTED,
    requests: [
      ["stop", { at: -5_000 }],
      ["stop", { at: 60_000 }],
      ["stop", { at: 60_000 }],
      ["pause", { at: 60_000 }],
      ["stop", { at: 50_000 }],
      ["pause", { at: 40_000 }],
      ["stop", { at: 300 }],
      ["stop", { at: 200 }],
      ["pause", { at: 250 }],
    ],
  },
  {
    name: "a session that has not started",
    of: { ...STARTED, start_at: 60_000 },
    requests: [["pause"], ["pause", { at: 60_000 }], ["pause", { at: 60_001 }], ["stop", { at: 30_000 }]],
  },
  {
    name: "a notice",
    of: { ...STARTED, notice_ms: 15_000 },
    requests: [
      ["pause", { at: 10_000 }],
      ["pause", { at: 30_000 }],
      ["stop", { at: 10_000 }],
      ["withdraw"],
      ["stop", { at: 60_000 }],
    ],
  },
  {
    name: "mistakes",
    of: STARTED,
    requests: [
      ["rate"],
      ["rate", { tick_ms: 0 }],
      ["rate", { tick_ms: 86_400_001 }],
      ["resume", { at: 10_000, tick_ms: 0 }],
      ["pause", { at: "tomorrow" }],
      ["pause", { at: 10_000, often: true }],
      ["stop", { from: 0 }],
      ["pause", { at: 10_000 }, '"another"'],
      ["jump"],
    ],
  },
];

const SESSIONS: readonly object[] = [
  { tick_ms: 100, ttl_seconds: 60 },
  {
    tick_ms: 100,
    ttl_seconds: 60,
    seed: "a",
    start_at: 5_000,
    rules: { break_interval: { min: 1, max: 2 } },
    metadata: { a: 1 },
  },
  { tick_ms: 100, rules: { rounds_per_epoch: 2 }, notice_ms: 1_000, ttl_seconds: 0 },
  { tick_ms: 100, ttl_seconds: 60, seed: null, rules: null, notice_ms: null },
  {},
  { tick_ms: 0 },
  { tick_ms: 1.5 },
  { tick_ms: "100" },
  { tick_ms: 100, seed: "" },
  { tick_ms: 100, seed: "a".repeat(129) },
  { tick_ms: 100, rules: { break_interval: { min: 3, max: 2 } } },
  { tick_ms: 100, rules: { rounds_per_epoch: 3 } },
  { tick_ms: 100, notice_ms: 86_400_001 },
  { tick_ms: 100, ttl_seconds: -1 },
  { tick_ms: 100, tock_ms: 1 },
];

/** Long enough for any request. */
const ARRIVES_WITHIN_MS = 3_000;

interface Answered {
  readonly id: string;
  readonly status: number;
  readonly body: object;
}

interface Answers {
  readonly virtual: Answered;
  readonly real: Answered;
}

const server = new TestServer();
let world: VirtualWorld;

beforeAll(async () => {
  await server.start();
});

afterAll(() => server.remove());

beforeEach(async () => {
  world = await virtualWorld({ now: Date.now(), latencyMs: 0 });
});

it.each(CASES)("$name", async ({ of, requests }) => {
  const { virtual, real } = await askBoth({ virtual: "", real: "" }, of);
  for (const [action, fields, ifMatch] of requests) {
    const paths = { virtual: `/${virtual.id}/${action}`, real: `/${real.id}/${action}` };
    expectSame(await askBoth(paths, fields, ifMatch), `${action} ${JSON.stringify(fields)}`);
  }
});

it.each(SESSIONS)("a new session: %j", async (fields) => {
  expectSame(await askBoth({ virtual: "", real: "" }, fields));
});

/** Asks a virtual server and the real one the same thing, at the same time by their clocks. */
async function askBoth(
  paths: Record<keyof Answers, string>,
  fields: object = {},
  ifMatch?: string,
): Promise<Answers> {
  const now = Date.now();
  await world.advanceTo(now);
  const condition = ifMatch === undefined ? {} : { "if-match": ifMatch };
  const request = {
    method: "POST",
    headers: { "content-type": "application/json", ...condition },
    body: JSON.stringify(absolute(fields, now)),
  };
  const ask = world.platform.fetch(`${world.server.address}/v1/sessions${paths.virtual}`, request);
  const virtual = await answered(await world.until(ask));
  return {
    virtual,
    real: await answered(await fetch(`${server.address}/v1/sessions${paths.real}`, request)),
  };
}

async function answered(response: Response): Promise<Answered> {
  const body = (await response.json()) as { readonly id: string };
  return { id: body.id, status: response.status, body };
}

/** Compares everything but names, words, and the instants that depend on when a request arrives. */
function expectSame({ virtual, real }: Answers, about?: string): void {
  const expected = Object.entries(real.body).map(([name, value]) => [name, like(name, value)]);
  expect(virtual.status, about).toBe(real.status);
  expect(virtual.body, about).toEqual(Object.fromEntries(expected));
}

function like(name: string, value: unknown): unknown {
  if (["id", "seed", "detail", "title"].includes(name)) {
    return expect.any(String);
  }
  if (["created_at", "earliest", "expires_at", "start_at"].includes(name)) {
    return expect.toSatisfy((other) => isNear(String(value), other));
  }
  if (name === "errors") {
    return (value as { readonly field: string }[]).map(({ field }) => expect.objectContaining({ field }));
  }
  return value;
}

function isNear(one: string, other: string): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) < ARRIVES_WITHIN_MS;
}

/** Returns fields with timestamps. */
function absolute(fields: object, now: number): object {
  const isInstant = (name: string, value: unknown): value is number =>
    ["at", "from", "start_at"].includes(name) && typeof value === "number";
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    isInstant(name, value) ? new Date(now + value).toISOString() : value,
  ]);
  return Object.fromEntries(entries) as object;
}
