/**
 * The clients of scripts/bench-memory:
 *
 *     node requests.mjs create ADDRESS COUNT         creates sessions and prints their ids, one per line
 *     node requests.mjs read ADDRESS FILE [SUFFIX]   reads each session of the file once; SUFFIX is "/state" for its state
 *     node requests.mjs streams ADDRESS FILE COUNT   opens event streams of the sessions in turn, prints "open", and keeps them
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";

const CONNECTIONS = 64;
/** How many streams are opened at once, fewer than what waits to be accepted. */
const OPENED_AT_ONCE = 100;
const CREATION = '{"tick_ms": 100}';

const [command, address, ...rest] = process.argv.slice(2);
const { hostname, port } = new URL(address);

const commands = {
  create: (count) => manyRequests(Number(count), () => create, ({ id }) => process.stdout.write(`${id}\n`)),
  read: (file, suffix = "") => {
    const ids = idsIn(file);
    return manyRequests(ids.length, (number) => get(`/v1/sessions/${ids[number]}${suffix}`));
  },
  streams: (file, count) => openStreams(idsIn(file), Number(count)),
};

const create =
  `POST /v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${CREATION.length}\r\n\r\n${CREATION}`;
const get = (path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;

function idsIn(file) {
  return readFileSync(file, "utf8").trim().split("\n");
}

async function connected() {
  const socket = connect({ port, host: hostname, noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** Sends numbered requests, each connection one at a time, and hands the bodies on. */
async function manyRequests(count, request, take = () => undefined) {
  let next = 0;
  const client = async () => {
    const socket = await connected();
    const responses = responsesOf(socket);
    while (next < count) {
      const number = next++;
      if (number % 1000 === 0) process.stderr.write(`\r${number} of ${count} requests`);
      socket.write(request(number));
      take(JSON.parse((await responses.next()).value));
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  process.stderr.write(`\r${count} of ${count} requests\n`);
}

/** Yields the body of each response on a connection. */
async function* responsesOf(socket) {
  let text = "";
  for await (const chunk of socket) {
    text += chunk.toString("latin1");
    const head = text.indexOf("\r\n\r\n") + 4;
    const length = Number(/^content-length: (\d+)\r$/im.exec(text.slice(0, head))?.[1]);
    if (head < 4 || text.length < head + length) continue;
    if (!/^HTTP\/1.1 20[01] /.test(text)) throw new Error(`the server answers: ${text}`);
    yield text.slice(head, head + length);
    text = text.slice(head + length);
  }
  throw new Error("the server has closed a connection");
}

/** Opens event streams, and waits until each has its first event. They stay open until the process ends. */
async function openStreams(ids, count) {
  const open = async (number) => {
    const socket = await connected();
    socket.write(get(`/v1/sessions/${ids[number % ids.length]}/events`));
    await firstEvent(socket);
    socket.resume();
    socket.on("close", () => fail("the server has closed an event stream"));
  };
  for (let number = 0; number < count; number += OPENED_AT_ONCE) {
    process.stderr.write(`\r${number} of ${count} event streams`);
    const batch = Math.min(OPENED_AT_ONCE, count - number);
    await Promise.all(Array.from({ length: batch }, (_, index) => open(number + index)));
  }
  process.stderr.write(`\r${count} of ${count} event streams\n`);
  process.stdout.write("open\n");
}

function firstEvent(socket) {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", function collect(chunk) {
      text += chunk.toString("latin1");
      if (!/^HTTP\/1.1 200 /.test(text)) fail(`the server answers: ${text}`);
      if (text.includes("\nevent: ")) resolve(socket.off("data", collect));
    });
  });
}

function fail(text) {
  process.stderr.write(`\n${text}\n`);
  process.exit(1);
}

await commands[command](...rest);
