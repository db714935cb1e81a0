/**
 * Measures the time from `connect` to the first state over a slow network, with this build and another, in turns:
 *
 *     node bench/connect.js [OTHER_DIST_FOLDER]
 *
 * Each connects in a process of its own, through a proxy that delays every packet by half of the delay in each direction. The
 * server answers like a tickseed server, from memory.
 */
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { createConnection, createServer as createTcpServer } from "node:net";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const DELAYS_MS = [50, 200];
const TURNS = 7;
const RECORD = {
  id: "sess_0c6a3a0e-0f5c-4b9e-a8a4-2f9f2a3f9a10",
  seed: "550e8400-e29b-41d4-a716-446655440000",
  start_at: "2026-11-23T12:00:03.000Z",
  tick_ms: 100,
  rules: { break_interval: { min: 100, max: 300 }, rounds_per_epoch: 64 },
  engine_version: 1,
  status: "running",
  created_at: "2026-11-23T12:00:00.000Z",
  revision: 1,
  notice_ms: 0,
  schedule: [],
  requires: [],
};

/** Connects once, and prints the milliseconds until the first state. */
const PROGRAM = `
  const [dist, address] = process.argv.slice(1);
  const { connect, loadEngine } = await import(dist);
  await loadEngine();
  const started = performance.now();
  const session = await connect(address);
  session.state();
  process.stdout.write([performance.now() - started, session.clock.errorMs].join(" "));
  session.close();
`;

if (isMainThread) {
  await main();
} else {
  await serve(workerData.delayMs);
}

/** Runs the server and the proxy in a thread, because the main one waits for processes. */
async function serve(delayMs) {
  const server = createServer((request, response) => {
    const us = Math.round((performance.timeOrigin + performance.now()) * 1_000);
    const time = { received_us: us, sent_us: us, server: "one" };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url.startsWith("/v1/time") ? time : RECORD));
  });
  const port = await listening(server);
  const proxy = createTcpServer({ noDelay: true }, (near) => {
    const far = createConnection({ port, host: "127.0.0.1", noDelay: true });
    carry(near, far, delayMs / 2);
    carry(far, near, delayMs / 2);
  });
  parentPort.postMessage(await listening(proxy));
}

function listening(server) {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}

/** Forwards data after a delay. */
function carry(from, to, delayMs) {
  from.on("data", (chunk) => setTimeout(() => to.write(chunk), delayMs));
  from.on("close", () => setTimeout(() => to.destroy(), delayMs));
  from.on("error", () => undefined);
}

async function main() {
  const own = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  const builds = [own, ...process.argv.slice(2)];
  for (const delayMs of DELAYS_MS) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { delayMs } });
    const port = await new Promise((resolve) => worker.once("message", resolve));
    const address = `http://127.0.0.1:${port}/v1/sessions/${RECORD.id}`;
    const times = builds.map(() => []);
    for (let turn = 0; turn < TURNS; turn += 1) {
      builds.forEach((dist, index) => {
        times[index].push(once(dist, address));
      });
    }
    await worker.terminate();
    report(delayMs, builds, times);
  }
}

function once(dist, address) {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", PROGRAM, dist, address],
    {
      encoding: "utf8",
    },
  );
  const [ms, errorMs] = stdout.split(" ").map(Number);
  if (!(ms > 0)) {
    throw new Error(stderr);
  }
  return { ms, errorMs };
}

function report(delayMs, builds, times) {
  const medians = times.map((all) => median(all.map(({ ms }) => ms)));
  builds.forEach((dist, index) => {
    const all = times[index].map(({ ms }) => ms);
    const range = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`;
    const error = median(times[index].map(({ errorMs }) => errorMs));
    const ratio = (medians[index] / medians[0]).toFixed(2);
    process.stdout.write(
      `round trip ${delayMs} ms: ${medians[index].toFixed(0)} ms (${range}), errorMs ${error.toFixed(0)}, ` +
        `${ratio} times the first build: ${dist}\n`,
    );
  });
}

function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[numbers.length >> 1];
}
