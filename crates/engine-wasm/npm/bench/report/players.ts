/** What a million players cost, computed from what was measured. */
import { table } from "../../simulation/table.js";
import { digits, grouped } from "./format.js";
import { cached, measurements, streams } from "./memory.js";
import type { Part } from "./part.js";
import type { Raw } from "./raw.js";
import { rates } from "./server.js";
import { median } from "./statistics.js";

const PLAYERS = 1e6;
const SESSIONS = 1_000;
/** How often a client reads its session again, and how long a CDN keeps an answer. */
const READ_EVERY_S = 5;
const KEPT_S = 2;
/** A clock asks often in its first minute, and then a few times in a row. */
const FIRST_MINUTE_REQUESTS = 20;
const LATER = { requests: 3, everyS: 32 };
/** All players join within this time. */
const JOINED_WITHIN_S = 600;
/** How much of what a server can answer it should have to answer. */
const LOAD = 0.5;
/** How many connections a server with two cores takes, and how often a stream has a heartbeat. */
const STREAMS_PER_SERVER = 40_000;
const HEARTBEAT_S = 15;

export function players(raw: Raw): Part {
  const measured = rates(raw.lines("server.tsv"));
  const rate = (name: string): number => median(measured.get(name) ?? [Number.NaN]);
  const sizes = measurements(raw.lines("memory.tsv"));
  const rows = [
    ...reads(rate("GET session, Redis, warm")),
    ...clocks(rate("GET /v1/time")),
    ...memories(sizes),
  ];
  const page = [
    "They load their session when they join and read it again every 5 s, through a CDN that keeps answers as long as they allow it. " +
      "The rates of a server and the sizes are those of [server.md](server.md) and [memory.md](memory.md); the rest is arithmetic.",
    table(["what", "arithmetic", "result"], rows),
  ].join("\n\n");
  return { page, plots: {}, verdicts: [] };
}

function reads(rate: number): string[][] {
  const origin = SESSIONS / KEPT_S;
  return [
    [
      "reads at the CDN",
      `${grouped(PLAYERS)} / ${READ_EVERY_S} s`,
      `${grouped(PLAYERS / READ_EVERY_S)} a second`,
    ],
    [
      `reads at the servers, ${grouped(SESSIONS)} sessions behind one cache`,
      `${grouped(SESSIONS)} / ${KEPT_S} s`,
      `${grouped(origin)} a second`,
    ],
    [
      "share of a server for them",
      `${grouped(origin)} / ${grouped(rate)}`,
      `${((origin / rate) * 100).toFixed(1)} %`,
    ],
  ];
}

function clocks(rate: number): string[][] {
  const joining = (PLAYERS * FIRST_MINUTE_REQUESTS) / JOINED_WITHIN_S;
  const later = (PLAYERS * LATER.requests) / LATER.everyS;
  const settled = 1 - 60 / JOINED_WITHIN_S;
  const peak = joining + later * settled;
  const servers = Math.ceil(peak / (rate * LOAD));
  return [
    [
      `\`/v1/time\`, all players join within ${JOINED_WITHIN_S / 60} min`,
      `${grouped(PLAYERS)} × ${FIRST_MINUTE_REQUESTS} / ${JOINED_WITHIN_S} s`,
      `${grouped(joining)} a second`,
    ],
    [
      "`/v1/time`, later",
      `${grouped(PLAYERS)} × ${LATER.requests} / ${LATER.everyS} s`,
      `${grouped(later)} a second`,
    ],
    [
      "`/v1/time`, the peak: a tenth of the players in their first minute",
      `${grouped(joining)} + ${grouped(later)} × ${settled}`,
      `${grouped(peak)} a second`,
    ],
    [
      "servers for the peak, each with half of what it can answer",
      `${grouped(peak)} / (${grouped(rate)} / 2)`,
      `${servers}, and one more so that one may fail`,
    ],
  ];
}

function memories(sizes: ReturnType<typeof measurements>): string[][] {
  const session = median(
    cached(sizes).find(({ name }) => name === "cached session, Redis")?.sizes ?? [Number.NaN],
  );
  const stream = median(streams(sizes)[0]?.sizes ?? [Number.NaN]);
  return [
    [
      `${grouped(SESSIONS)} sessions in the cache of a server`,
      `${grouped(SESSIONS)} × ${digits(session)} kB`,
      `${digits((SESSIONS * session * 1_024) / 1e6)} MB`,
    ],
    [
      "event streams instead of reads: memory of all servers",
      `${grouped(PLAYERS)} × ${digits(stream)} kB`,
      `${digits((PLAYERS * stream * 1_024) / 1e9)} GB`,
    ],
    [
      "event streams: heartbeats",
      `${grouped(PLAYERS)} / ${HEARTBEAT_S} s`,
      `${grouped(PLAYERS / HEARTBEAT_S)} a second`,
    ],
    [
      "event streams: servers with two cores",
      `${grouped(PLAYERS)} / ${grouped(STREAMS_PER_SERVER)} connections`,
      String(PLAYERS / STREAMS_PER_SERVER),
    ],
  ];
}
