/** Starts a server, attacks it in one way after the other, and prints what became of it. scripts/attack calls this. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

import { ATTACKS } from "./attacks.mjs";
import { HonestClient } from "./honest.mjs";
import { describe, smuggle } from "./smuggling.mjs";

/** How many connections one address may have. Attacks with more come from many addresses, except the one that tests this limit. */
const PER_ADDRESS = 200;

const [binary, folder, connections, seconds] = process.argv.slice(2);

/** Starts the server and returns its process and its port. */
function start() {
  const flags = ["serve", "--port", "0", "--data-dir", folder, "--max-connections-per-address", String(PER_ADDRESS)];
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

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Measures the honest client while something happens, and returns a row of the table. */
async function measured(name, honest, pid, happen) {
  honest.reset();
  const outcome = await happen();
  return { name, outcome, ...honest.figures(), megabytes: memory(pid, "VmRSS") };
}

function print(rows) {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const line = ({ name, p50, p99, asked, errors, megabytes, outcome }) =>
    `| ${name.padEnd(width)} | ${p50.toFixed(1).padStart(7)} | ${p99.toFixed(1).padStart(7)} | ${String(asked).padStart(6)} | ` +
    `${String(errors).padStart(6)} | ${megabytes.toFixed(0).padStart(9)} | ${outcome} |`;
  console.log(`| ${"attack".padEnd(width)} |  p50 ms |  p99 ms |  asked | errors | memory MB | outcome |`);
  console.log(`|${"-".repeat(width + 2)}|--------:|--------:|-------:|-------:|----------:|---|`);
  for (const row of rows) console.log(line(row));
}

const { server, port } = await start();
try {
  const honest = await HonestClient.start(port);
  const limits = { port, session: honest.session, connections: Number(connections), ms: Number(seconds) * 1_000 };
  const before = memory(server.pid, "VmRSS");
  const rows = [await measured("none, before", honest, server.pid, () => wait(3_000).then(() => ""))];
  for (const { name, attack } of ATTACKS) {
    rows.push(await measured(name, honest, server.pid, () => attack(limits)));
  }
  const forms = await smuggle(port);
  rows.push(await measured("none, after", honest, server.pid, () => wait(3_000).then(() => "")));
  honest.stop();
  print(rows);
  console.log(`\n${describe(forms)}`);
  const [peak, after] = [memory(server.pid, "VmHWM"), memory(server.pid, "VmRSS")];
  console.log(`\nmemory of the server: ${before.toFixed(0)} MB before, ${peak.toFixed(0)} MB at its peak, ${after.toFixed(0)} MB after`);
  const errors = rows.reduce((sum, row) => sum + row.errors, 0);
  const smuggled = forms.filter(({ isSmuggled }) => isSmuggled).length;
  console.log(`the honest client got ${errors} errors; ${smuggled} smuggled requests were answered`);
  process.exitCode = errors + smuggled > 0 ? 1 : 0;
} finally {
  server.removeAllListeners("exit");
  server.kill();
}
