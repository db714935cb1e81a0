import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { STRAIGHT } from "../../src/board/characters.js";
import { Device } from "../../src/player/device.js";
import { Network } from "../../src/player/network.js";
import { RelayedStreams } from "../../src/player/relayed-stream.js";
import { tamperingWith } from "../../src/player/tampering.js";

const SESSION = "https://ticks.example/v1/sessions/sess_1";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "Date", "setTimeout", "clearTimeout"] });
  vi.stubGlobal("location", { href: "https://ticks.example/" });
  vi.stubGlobal(
    "fetch",
    vi.fn(() => Promise.resolve(new Response('{"seed":"a"}', { headers: { etag: '"1"' } }))),
  );
});

const counted = vi.fn();

afterEach(() => {
  counted.mockReset();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function network(): { readonly device: Device; readonly net: Network } {
  const device = new Device();
  const net = new Network(device, (_address, body) => body, counted);
  net.bend(STRAIGHT);
  return { device, net };
}

test("a request takes as long as it is delayed, and is counted when it leaves", async () => {
  const { net } = network();
  net.bend({ ...STRAIGHT, upMs: 100, downMs: 50 });
  let answered = false;
  const answer = net.fetch(SESSION).then((response) => {
    answered = true;
    return response.json();
  });
  await vi.advanceTimersByTimeAsync(99);
  expect(fetch).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(50);
  expect([vi.mocked(fetch).mock.calls.length, answered]).toEqual([1, false]);
  expect(counted).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await answer).toEqual({ seed: "a" });
  const head = "HTTP/1.1 200 \r\n\r\n" + 'etag: "1"\r\n' + "content-type: text/plain;charset=UTF-8\r\n";
  expect(net.traffic).toEqual({
    timeRequests: 0,
    otherRequests: 1,
    bytes: '{"seed":"a"}'.length + head.length,
    events: 0,
  });
  expect(counted).toHaveBeenCalledTimes(2);
});

test("without a cable no request leaves, and what is under way breaks", async () => {
  const { net } = network();
  net.bend({ ...STRAIGHT, upMs: 100 });
  const underWay = net.fetch(SESSION);
  const cut = expect(underWay).rejects.toThrow("the network was unplugged");
  net.bend({ ...STRAIGHT, isPlugged: false });
  await cut;
  await expect(net.fetch(SESSION)).rejects.toThrow("the network is unplugged");
  expect(fetch).not.toHaveBeenCalled();
  expect(net.traffic.otherRequests, "the one that had left").toBe(1);
});

test("a request of a client that gives up ends with its reason", async () => {
  const { net } = network();
  net.bend({ ...STRAIGHT, upMs: 100 });
  const giving = new AbortController();
  const ended = expect(net.fetch(SESSION, { signal: giving.signal })).rejects.toThrow("enough");
  giving.abort(new Error("enough"));
  await ended;
});

test("events arrive in order however random their delays are, and are lost with the connection", () => {
  const { device, net } = network();
  net.bend({ ...STRAIGHT, downMs: 20, jitterMs: 300 });
  const wanted: boolean[] = [];
  const streams = new RelayedStreams(device, net, (_stream, isOpen) => wanted.push(isOpen));
  const stream = new streams.EventSource(`${SESSION}/events`);
  const seen: string[] = [];
  for (const type of ["open", "error", "changed"]) {
    stream.addEventListener(type, ({ data }) => seen.push(data ?? type));
  }
  vi.advanceTimersByTime(400);
  streams.receive(1, { type: "open" });
  const sent = Array.from({ length: 20 }, (_, index) => String(index));
  for (const data of sent) {
    streams.receive(1, { type: "changed", event: { data, lastEventId: "" } });
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(500);
  expect(seen).toEqual(["open", ...sent]);
  streams.receive(1, { type: "changed", event: { data: "lost", lastEventId: "" } });
  net.bend({ ...STRAIGHT, isPlugged: false });
  vi.advanceTimersByTime(1_000);
  expect(seen.at(-1)).toBe("error");
  net.bend(STRAIGHT);
  vi.advanceTimersByTime(1_000);
  expect(wanted).toEqual([true, false, true]);
  stream.close();
  expect(wanted.at(-1)).toBe(false);
  expect(net.traffic.events).toBe(20);
});

test.each([
  ["seed", SESSION, { seed: "a" }, { seed: "a?" }],
  [
    "seed",
    "https://ticks.example/v1/time?x1",
    { received_us: 5, sent_us: 6 },
    { received_us: 5, sent_us: 6 },
  ],
  [
    "clock",
    "https://ticks.example/v1/time?x1",
    { received_us: 5, sent_us: 6 },
    { received_us: 100_005, sent_us: 100_006 },
  ],
  ["clock", SESSION, { seed: "a" }, { seed: "a" }],
  [
    "rules",
    SESSION,
    { rules: { break_interval: { min: 3, max: 5 } } },
    { rules: { break_interval: { min: 3, max: 6 } } },
  ],
  [undefined, SESSION, { seed: "a" }, { seed: "a" }],
] as const)("a fault in the %s changes what %s says, and nothing else", (fault, address, answer, wrong) => {
  expect(JSON.parse(tamperingWith(fault, 100)(address, JSON.stringify(answer)))).toEqual(wrong);
});
