/** Kills a server under load again and again, and prints what it has lost. scripts/kill calls this. */
import { statSync } from "node:fs";

import { Ledger } from "./ledger.mjs";
import { Load } from "./load.mjs";
import { dropUnsynced } from "./rollback.mjs";
import { Server } from "./server.mjs";
import { verifyAll, verifyRound } from "./verify.mjs";

/** When the server is killed, after it was ready. */
const KILLED_AFTER_MS = { least: 20, most: 200 };

/** After how many rounds all sessions of earlier rounds are checked as well. */
const ALL_EVERY = 50;

/** How many old requests with a key are repeated along with those of the round. */
const OLD_KEYS = 20;

/** How long a start should take at most. */
const SLOW_MS = 1_000;

/** How many losses are shown. */
const SHOWN = 5;

const [binary, folder, timesText, mode] = process.argv.slice(2);
const times = Number(timesText);
const [file, journal] = [`${folder}/data/sessions.redb`, `${folder}/journal`];

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const random = (least, most) => least + Math.random() * (most - least);

/** Returns what makes the server note its unsynced writes. */
function shim() {
  if (mode === "none") return {};
  const environment = { LD_PRELOAD: `${folder}/unsynced.so`, UNSYNCED_JOURNAL: journal };
  return mode === "planted-fault" ? { ...environment, UNSYNCED_NEVER_SYNC: "1" } : environment;
}

/** Drops what the killed server has not synced: all of it in every other round, and otherwise a random part. */
function crashMachine(round) {
  if (mode === "none") return 0;
  return dropUnsynced(file, journal, mode === "drop-unsynced" && round % 2 === 0 ? Math.random() : 0);
}

/** Runs one round on a server and returns the next server. */
async function kill(server, round, { ledger, load, starts, totals }) {
  const { touched, keys, ended } = load.start(server.port);
  await wait(random(KILLED_AFTER_MS.least, KILLED_AFTER_MS.most));
  await server.end("SIGKILL");
  await ended;
  totals.dropped += crashMachine(round);
  const next = await Server.start(binary, folder, shim());
  starts.push(next.startedMs);
  const old = [...Array(OLD_KEYS)].map(() => totals.keys[Math.floor(Math.random() * totals.keys.length)]);
  await verifyRound(next.port, ledger, touched, [...keys, ...new Set(old.filter((key) => key !== undefined))]);
  totals.keys.push(...keys);
  if (round % ALL_EVERY === 0 || round === times) totals.sessions = await verifyAll(next.port, ledger);
  return next;
}

function progress(round, { ledger, starts }) {
  if (round % 10 !== 0 && round !== times) return;
  const megabytes = statSync(file).size / 1e6;
  console.error(
    `${round} of ${times} kills, ${ledger.acknowledged} acknowledged writes, ${ledger.lost.length} lost; ` +
      `the file has ${megabytes.toFixed(0)} MB; the last start took ${starts.at(-1).toFixed(0)} ms`,
  );
}

function report({ ledger, starts, totals }) {
  const sorted = starts.toSorted((one, other) => one - other);
  const quantile = (part) => `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]?.toFixed(0)} ms`;
  const rows = [
    ["kills", starts.length],
    ...Object.entries(ledger.counts).map(([kind, count]) => [`acknowledged ${kind}`, count]),
    ["sessions at the end", totals.sessions],
    ["size of the file", `${(statSync(file).size / 1e6).toFixed(0)} MB`],
    ...(mode === "none" ? [] : [["unsynced bytes dropped", totals.dropped]]),
    ["from exec to ready: median", quantile(0.5)],
    ["from exec to ready: 99 %", quantile(0.99)],
    ["from exec to ready: longest", quantile(1)],
    ["starts of more than 1 s", starts.filter((ms) => ms > SLOW_MS).length],
    ["lost", ledger.lost.length],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  console.log(`| ${"".padEnd(width)} |            |\n|${"-".repeat(width + 2)}|-----------:|`);
  for (const [name, value] of rows) console.log(`| ${name.padEnd(width)} | ${String(value).padStart(10)} |`);
  for (const line of ledger.lost.slice(0, SHOWN)) console.log(line);
  if (ledger.lost.length > SHOWN) console.log(`and ${ledger.lost.length - SHOWN} more`);
}

const state = { ledger: new Ledger(), starts: [], totals: { dropped: 0, sessions: 0, keys: [] } };
state.load = new Load(state.ledger);
// The store is made by a server that ends in peace, so that every round begins with a file that is there.
const maker = await Server.start(binary, folder, {});
await maker.end("SIGTERM");
let server = await Server.start(binary, folder, shim());
let failure;
try {
  for (let round = 1; round <= times; round += 1) {
    server = await kill(server, round, state);
    progress(round, state);
    if (mode === "planted-fault" && state.ledger.lost.length > 0) break;
  }
} catch (error) {
  failure = error;
} finally {
  await server.end("SIGKILL");
}
report(state);
if (failure !== undefined) console.log(`the test ended early: ${failure.message}`);
const hasLost = state.ledger.lost.length > 0;
if (mode === "planted-fault") {
  console.log(hasLost ? "the planted fault was found" : "the planted fault was NOT found: this check finds nothing");
}
process.exitCode = failure === undefined && hasLost === (mode === "planted-fault") ? 0 : 1;
