/** Starts a server, attacks it in one way after the other, and prints what became of it. scripts/attack calls this. */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

import { ATTACKS } from "./attacks.mjs";
import { describe, smuggle } from "./smuggling.mjs";
import { useAsUsual } from "./usual.mjs";

/** How many connections one address may have. Attacks with more come from many addresses, except the one that tests this limit. */
const PER_ADDRESS = 200;

/** What a server that anybody can reach has by default, and one on a loopback address has not. */
const PUBLIC_LIMITS = ["--create-limit", "60", "--max-connections-per-address", String(PER_ADDRESS)];

/** How many times as long as before the honest client may wait during an attack: 99 % of its requests. */
const SLOWER = 2;

/** Less than this is no wait, whatever it was before: the machine itself takes as long to switch between processes. */
const NO_WAIT_MS = 2;

/** How many times as much memory as before the server may keep. */
const MORE_MEMORY = 1.1;

/** How long the server may take to give memory back. */
const SETTLE_MS = 60_000;

const [binary, folder, connections, seconds] = process.argv.slice(2);

/** Starts the server and returns its process and its port. */
function start() {
  const flags = ["serve", "--port", "0", "--data-dir", folder, ...PUBLIC_LIMITS];
  const environment = { PATH: process.env.PATH, TICKSEED_LOG: "error", TICKSEED_DRAIN_SECONDS: "0" };
  const server = spawn(binary, flags, { stdio: ["ignore", "pipe", "inherit"], env: environment });
  return new Promise((resolve, reject) => {
    server.once("exit", (status) => reject(new Error(`the server ended with status ${status}`)));
    server.stdout.once("data", (line) => resolve({ server, port: Number(/:(\d+)\s*$/.exec(String(line))?.[1]) }));
  });
}

/** Returns a figure of the server's memory in MB: VmRSS is what it takes now, VmHWM what it took at most. */
function memory(pid, figure) {
  const line = new RegExp(`^${figure}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) / 1024;
}

/** Returns what the honest client has measured since the last time. */
async function figuresOf(honest) {
  const answer = once(honest, "message");
  honest.send("figures");
  return (await answer)[0];
}

/** Measures the honest client while something happens, and returns a row of the table. */
async function measured(name, honest, pid, happen) {
  await figuresOf(honest);
  const outcome = await happen();
  return { name, outcome, ...(await figuresOf(honest)), megabytes: memory(pid, "VmRSS") };
}

/** Waits until the server has given back what it took, and returns how much it keeps. */
async function settle(pid, before) {
  for (const until = performance.now() + SETTLE_MS; performance.now() < until; await wait(250)) {
    if (memory(pid, "VmRSS") <= before * MORE_MEMORY) break;
  }
  return memory(pid, "VmRSS");
}

function print(rows, usual) {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const line = ({ name, p50, p99, asked, errors, megabytes, outcome }) =>
    `| ${name.padEnd(width)} | ${p50.toFixed(1).padStart(7)} | ${p99.toFixed(1).padStart(7)} | ${(p99 / usual).toFixed(1).padStart(6)} | ` +
    `${String(asked).padStart(6)} | ${String(errors).padStart(6)} | ${megabytes.toFixed(0).padStart(9)} | ${outcome} |`;
  console.log(`| ${"attack".padEnd(width)} |  p50 ms |  p99 ms |  ratio |  asked | errors | memory MB | outcome |`);
  console.log(`|${"-".repeat(width + 2)}|--------:|--------:|-------:|-------:|-------:|----------:|---|`);
  for (const row of rows) console.log(line(row));
}

/** Says what does not hold. */
function faults({ rows, usual, forms, secret, before, after }) {
  const isSlow = ({ p99 }) => p99 > Math.max(SLOWER * usual, NO_WAIT_MS);
  return [
    ...rows.filter(({ errors }) => errors > 0).map(({ name, errors }) => `the honest client got ${errors} errors: ${name}`),
    ...rows.filter(isSlow).map(({ name, p99 }) => `the honest client waited ${p99.toFixed(1)} ms instead of ${usual.toFixed(1)} ms: ${name}`),
    ...forms.filter(({ isSmuggled }) => isSmuggled).map(({ name }) => `a smuggled request was answered: ${name}`),
    ...(secret.isFound ? ["a guessed idempotency key gave the answer to somebody else"] : []),
    ...(after > before * MORE_MEMORY ? [`the server keeps ${after.toFixed(0)} MB after ${before.toFixed(0)} MB`] : []),
  ];
}

async function attackAll(pid, port, honest) {
  const [{ session, secret }] = await once(honest, "message");
  // A server that has just started takes less memory than one in use.
  await useAsUsual(port);
  const limits = { port, session, secret, connections: Number(connections), ms: Number(seconds) * 1_000 };
  const rows = [await measured("none, before", honest, pid, () => wait(limits.ms).then(() => ""))];
  const [usual, before] = [rows[0].p99, memory(pid, "VmRSS")];
  for (const { name, attack } of ATTACKS) rows.push(await measured(name, honest, pid, () => attack(limits)));
  const forms = await smuggle(port);
  const peak = memory(pid, "VmHWM");
  const quiet = measured("none, after", honest, pid, () => wait(limits.ms).then(() => ""));
  const after = await settle(pid, before);
  rows.push(await quiet);
  return { rows, usual, forms, secret, before, peak, after };
}

const { server, port } = await start();
const honest = fork(new URL("honest.mjs", import.meta.url), [String(port)]);
// The attackers would otherwise take the processor from the honest client, which would run on another machine in reality.
setPriority(19);
try {
  const measurement = await attackAll(server.pid, port, honest);
  const { rows, usual, forms, before, peak, after } = measurement;
  print(rows, usual);
  console.log(`\n${describe(forms)}`);
  console.log(`\nmemory of the server: ${before.toFixed(0)} MB before, ${peak.toFixed(0)} MB at its peak, ${after.toFixed(0)} MB after`);
  const found = faults(measurement);
  console.log(found.length === 0 ? "nothing is wrong" : found.join("\n"));
  process.exitCode = found.length === 0 ? 0 : 1;
} finally {
  honest.disconnect();
  server.removeAllListeners("exit");
  server.kill();
}
