/** A request of a client, whose agent may have an address of its own. */
import { request } from "node:http";

/** Sends a request, and returns the response when all of it has come. Fails after `timeout` ms without a word from the server. */
export function ask(agent, port, method, path, { body, headers = {}, timeout } = {}) {
  const ofBody = body === undefined ? {} : { "content-type": "application/json", "content-length": body.length };
  const options = { host: "127.0.0.1", port, method, path, agent, timeout, headers: { ...ofBody, ...headers } };
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      response.resume().once("end", () => resolve(response)).once("error", reject);
    });
    asked.once("timeout", () => asked.destroy(new Error("no response in time")));
    asked.once("error", reject).end(body);
  });
}
