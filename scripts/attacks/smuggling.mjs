/** Requests that two servers in a row may read differently. Each hides another request, which must never be answered. */
import { Victim } from "./attacks.mjs";

/** How long the server may take to answer. */
const ANSWER_MS = 700;

/** The request that is hidden. If it is answered, the response is this 404. */
const HIDDEN = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";

const START = "POST /v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";

/** An empty chunked body, with the hidden request behind it. A server that goes by the length takes all of it for the body. */
const CHUNKED = `0\r\n\r\n${HIDDEN}`;

const lengthOf = (body) => `content-length: ${body.length}\r\n`;

const FORMS = [
  ["CL.TE", `${START}${lengthOf(CHUNKED)}transfer-encoding: chunked\r\n\r\n${CHUNKED}`],
  ["TE.CL", `${START}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`],
  ["two lengths", `${START}content-length: 0\r\n${lengthOf(HIDDEN)}\r\n${HIDDEN}`],
  ["a list of lengths", `${START}content-length: 0, ${HIDDEN.length}\r\n\r\n${HIDDEN}`],
  ["a length with a sign", `${START}content-length: +${HIDDEN.length}\r\n\r\n${HIDDEN}`],
  ["an unknown coding", `${START}${lengthOf(CHUNKED)}transfer-encoding: xchunked\r\n\r\n${CHUNKED}`],
  ["chunked, but not last", `${START}transfer-encoding: chunked, identity\r\n\r\n${CHUNKED}`],
  ["two codings", `${START}${lengthOf(CHUNKED)}transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKED}`],
  ["a blank before the colon", `${START}${lengthOf(CHUNKED)}transfer-encoding : chunked\r\n\r\n${CHUNKED}`],
  ["obs-fold", `${START}${lengthOf(CHUNKED)}x: a\r\n transfer-encoding: chunked\r\n\r\n${CHUNKED}`],
  ["obs-fold of the coding", `${START}${lengthOf(CHUNKED)}transfer-encoding:\r\n chunked\r\n\r\n${CHUNKED}`],
  ["a bare line feed", `${START}${lengthOf(CHUNKED)}x: a\ntransfer-encoding: chunked\r\n\r\n${CHUNKED}`],
  ["a huge chunk", `${START}transfer-encoding: chunked\r\n\r\n10000000000000000\r\n${HIDDEN}`],
  ["a GET with a length", `GET /v1/time HTTP/1.1\r\nhost: a\r\n${lengthOf(HIDDEN)}\r\n${HIDDEN}`],
  ["HTTP/1.0 with chunks", `${START.replace("1.1", "1.0")}${lengthOf(CHUNKED)}transfer-encoding: chunked\r\n\r\n${CHUNKED}`],
];

/** Sends every form on a connection of its own. */
export async function smuggle(port) {
  const results = [];
  for (const [name, bytes] of FORMS) {
    const victim = new Victim(port, "127.0.1.3");
    await victim.connected;
    victim.send(bytes);
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    results.push({ name, statuses: victim.statuses, isOpen: victim.isOpen, isSmuggled: victim.received.includes("/smuggled") });
    victim.destroy();
  }
  return results;
}

/** Returns a table of the results. */
export function describe(results) {
  const lines = results.map(({ name, statuses, isOpen, isSmuggled }) =>
    `| ${name.padEnd(24)} | ${(statuses.join(", ") || "none").padEnd(9)} | ${(isOpen ? "open" : "closed").padEnd(10)} | ${isSmuggled ? "YES" : "no"} |`);
  return [`| ${"smuggling".padEnd(24)} | responses | connection | hidden request answered |`, `|${"-".repeat(26)}|-----------|------------|---|`, ...lines].join("\n");
}
