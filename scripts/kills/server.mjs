/** A server that is started and killed, and requests to it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { request } from "node:http";

/** How long a server may take to start. */
const START_MS = 60_000;

export class Server {
  /** Starts a server and waits until it is ready, which `startedMs` notes from the start of the process. */
  static async start(binary, folder, environment) {
    const server = new Server();
    const since = performance.now();
    const log = openSync(`${folder}/log`, "a");
    server.process = spawn(binary, ["serve", "--port", "0", "--data-dir", `${folder}/data`], {
      stdio: ["ignore", "pipe", log],
      env: { PATH: process.env.PATH, TICKSEED_LOG: "error", TICKSEED_DRAIN_SECONDS: "0", ...environment },
    });
    closeSync(log);
    server.exited = once(server.process, "exit");
    const early = server.exited.then(() => {
      throw new Error(`the server ended at its start:\n${readFileSync(`${folder}/log`, "utf8").slice(-2_000)}`);
    });
    // Once the server runs, nobody waits for this any more.
    early.catch(() => {});
    const late = new Promise((_, reject) => setTimeout(reject, START_MS, new Error("the server does not start")).unref());
    const [line] = await Promise.race([once(server.process.stdout, "data"), early, late]);
    server.port = Number(/:(\d+)\s*$/.exec(String(line))?.[1]);
    while ((await ask({ port: server.port, method: "GET", path: "/readyz" })).status !== 200) {
      if (performance.now() - since > START_MS) throw new Error("the server does not get ready");
    }
    server.startedMs = performance.now() - since;
    return server;
  }

  /** Ends the process with a signal and waits until it is gone. */
  async end(signal) {
    this.process.kill(signal);
    await this.exited;
  }
}

/** Sends a request and returns the whole response. Fails if the response is cut off. */
export function ask({ port, method, path, body, headers, agent }) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const asked = request({ host: "127.0.0.1", port, method, path, agent, headers: { ...length, ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.once("end", () => {
        if (response.complete) resolve({ status: response.statusCode, text });
      });
      response.once("close", () => reject(new Error("the response was cut off")));
      response.once("error", reject);
    });
    asked.once("error", reject);
    asked.end(body);
  });
}
