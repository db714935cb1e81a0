import { describe, expect, it } from "vitest";

import { errorResponse, json, NOON, NOTHING_LEFT, RECORD } from "../world/http-world.js";
import { Watching } from "./watching.js";

describe("news by events", () => {
  it("tell the session as it is, and then its stop", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    watching.world.server.stop(NOON + 60_000);
    await watching.world.pass(1_000);
    expect(watching.told).toEqual([true, 1, 2]);
    expect(watching.watcher.isListening).toBe(true);
  });

  it("are not asked for beside, but once a minute: a stream may have died without a trace", async () => {
    const watching = new Watching();
    await watching.world.pass(200_000);
    expect(watching.askedAt).toEqual([60_020, 120_040, 180_060]);
  });

  it.each(["no JSON {", "", "null", "5", "{}", '{"revision":"2"}'])(
    "that are broken on the way are left out: %j",
    async (data) => {
      const watching = new Watching();
      await watching.world.pass(1_000);
      watching.world.server.emit("stopped", data);
      await watching.world.pass(1_000);
      expect(watching.told).toEqual([true, 1]);
    },
  );

  it("end with the session, of which nothing is kept alive", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    watching.world.server.emit("expired", JSON.stringify({ id: RECORD.id }));
    await watching.world.pass(100_000);
    expect(watching.told).toEqual([true, 1, false, "expired"]);
    expect(watching.watcher.isListening).toBe(false);
    expect(watching.world.leftovers).toEqual(NOTHING_LEFT);
    watching.watcher.refresh();
    expect(watching.world.leftovers).toEqual(NOTHING_LEFT);
  });
});

describe("a stream that breaks off", () => {
  it("is told, and so is that it comes back", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    watching.stream.breakOff();
    expect(watching.told).toEqual([true, 1, false]);
    await watching.world.pass(4_000);
    expect(watching.told).toEqual([true, 1, false, true, 1]);
  });

  it("has the session asked for every five seconds until it is back", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    watching.world.server.reach = "unreachable";
    watching.stream.breakOff();
    await watching.world.pass(16_000);
    expect(watching.askedAt).toEqual([6_000, 11_010, 16_020]);
    watching.world.server.reach = "answers";
    await watching.world.pass(10_000);
    const asked = watching.askedAt.length;
    await watching.world.pass(30_000);
    expect(watching.askedAt).toHaveLength(asked);
  });

  it("is told once, though it breaks off again and again", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    watching.world.server.reach = "unreachable";
    watching.stream.breakOff();
    await watching.world.pass(60_000);
    expect(watching.told).toEqual([true, 1, false]);
  });
});

describe("a stream that is refused", () => {
  it("is opened again after one second, two, four, and so on up to thirty", async () => {
    const watching = new Watching({}, ({ server }) => {
      server.streamStatus = 503;
    });
    const opened: number[] = [];
    let known: unknown;
    for (let ms = 0; ms < 125_000; ms += 10) {
      await watching.world.pass(10);
      const [stream] = watching.world.server.streams;
      if (stream !== undefined && stream !== known) {
        known = stream;
        opened.push(watching.world.agenda.now);
      }
    }
    const pauses = opened.map((at, index) => at - (opened[index - 1] ?? 0) - 20);
    expect(pauses.slice(1).map((pause) => Math.round(pause / 100) / 10)).toEqual([
      1, 2, 4, 8, 16, 30, 30, 30,
    ]);
  });

  it("after one that was not is opened again after one second", async () => {
    const watching = new Watching({}, ({ server }) => {
      server.streamStatus = 503;
    });
    await watching.world.pass(6_000);
    watching.world.server.streamStatus = 200;
    await watching.world.pass(5_000);
    expect(watching.watcher.isListening).toBe(true);
    watching.world.server.streamStatus = 503;
    watching.stream.breakOff();
    await watching.world.pass(3_000 + 20 + 500);
    expect(watching.world.server.streams.size).toBe(0);
    watching.world.server.streamStatus = 200;
    await watching.world.pass(600);
    expect(watching.watcher.isListening).toBe(true);
  });

  it("does not keep the session from being asked for", async () => {
    const watching = new Watching({}, ({ server }) => {
      server.streamStatus = 503;
    });
    await watching.world.pass(16_000);
    expect(watching.askedAt).toEqual([5_000, 10_020, 15_040]);
    expect(watching.told).toEqual([1, 1, 1].slice(0, watching.told.length));
    expect(watching.watcher.isListening).toBe(false);
  });

  it("leaves no stream of its own when another takes its place", async () => {
    const watching = new Watching({}, ({ server }) => {
      server.streamStatus = 503;
    });
    await watching.world.pass(3_500);
    watching.world.server.streamStatus = 200;
    watching.watcher.refresh();
    await watching.world.pass(60_000);
    expect(watching.world.server.streams.size).toBe(1);
    expect(watching.watcher.isListening).toBe(true);
  });
});

describe("without a stream", () => {
  const withoutStream = { EventSource: undefined };

  it("the session is asked for every five seconds, past what a cache holds", async () => {
    const watching = new Watching(withoutStream);
    await watching.world.pass(16_000);
    expect(watching.askedAt).toEqual([5_000, 10_020, 15_040]);
    for (const { init } of watching.world.server.asked(watching.path)) {
      expect(init.cache).toBe("no-cache");
    }
    expect(watching.told).toEqual([1, 1, 1].slice(0, watching.told.length));
    expect(watching.watcher.isListening).toBe(false);
  });

  it("clients that started together do not ask together", async () => {
    const asked = [0, 0.999].map(async (random) => {
      const watching = new Watching({ ...withoutStream, random: () => random });
      await watching.world.pass(6_500);
      return watching.askedAt[0];
    });
    expect(await Promise.all(asked)).toEqual([4_000, expect.closeTo(5_998, 5)]);
  });

  it("a question that fails is asked again as if it had not been", async () => {
    const watching = new Watching(withoutStream);
    watching.world.server.reach = "unreachable";
    await watching.world.pass(11_000);
    watching.world.server.reach = "answers";
    watching.world.server.stop(NOON + 60_000);
    await watching.world.pass(5_000);
    expect(watching.told).toEqual([2]);
  });

  it("a session that the server has no more is expired, and not asked for again", async () => {
    const watching = new Watching(withoutStream);
    watching.world.server.records.clear();
    await watching.world.pass(60_000);
    expect(watching.told).toEqual(["expired"]);
    expect(watching.askedAt).toHaveLength(1);
    expect(watching.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it.each([
    [404, "not_found"],
    [503, "store_unavailable"],
  ])("an answer of %i %s is no expiry: something in front may have given it", async (status, code) => {
    const watching = new Watching(withoutStream);
    watching.world.server.interpose = () => errorResponse(code, status);
    await watching.world.pass(11_000);
    expect(watching.told).toEqual([]);
    expect(watching.askedAt).toHaveLength(2);
  });

  it("an answer that is no session is left out", async () => {
    const watching = new Watching(withoutStream);
    watching.world.server.interpose = () => json(null);
    await watching.world.pass(6_000);
    watching.world.server.interpose = () => json({ revision: 7 });
    await watching.world.pass(5_000);
    expect(watching.told).toEqual([]);
  });
});

describe("to make sure of what is known", () => {
  it("the session is asked for at once, and the stream opened anew", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    const before = watching.stream;
    watching.world.server.stop(NOON + 60_000);
    before.close();
    watching.watcher.refresh();
    await watching.world.pass(100);
    expect(watching.stream).not.toBe(before);
    expect(watching.told.at(-1)).toBe(2);
    expect(watching.askedAt).toEqual([1_000]);
  });

  it("nothing of the stream before counts any more", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    const before = watching.stream;
    watching.watcher.refresh();
    before.readyState = 1;
    before.arrive("stopped", JSON.stringify({ ...RECORD, revision: 9 }));
    before.breakOff();
    expect(watching.told).not.toContain(9);
    expect(watching.told).not.toContain("expired");
  });

  it("it does not count as listening until the new stream is open", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    watching.world.server.reach = "silent";
    watching.watcher.refresh();
    await watching.world.pass(1_000);
    expect(watching.watcher.isListening).toBe(false);
    await watching.world.pass(20_000);
    expect(watching.askedAt.length).toBeGreaterThan(1);
  });

  it("a question that is under way is given up for a new one: the network that it went over may be gone", async () => {
    const watching = new Watching({ EventSource: undefined });
    watching.world.server.reach = "silent";
    await watching.world.pass(6_000);
    watching.world.server.reach = "answers";
    watching.watcher.refresh();
    await watching.world.pass(20);
    expect(watching.told).toEqual([1]);
    expect(watching.world.leftovers.questions).toBe(0);
  });

  it("as often as one likes: one question and one stream are left", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    for (let count = 0; count < 10; count += 1) {
      watching.watcher.refresh();
    }
    expect(watching.world.leftovers).toMatchObject({ questions: 1, streams: 1 });
    await watching.world.pass(1_000);
    expect(watching.world.leftovers).toMatchObject({ questions: 0, streams: 1, timers: 1 });
  });
});

describe("whoever is told may close", () => {
  it.each([
    ["that news arrive by themselves", true],
    ["the session", 1],
  ])("when told %s", async (_what, when) => {
    const watching = new Watching();
    watching.whenTold = (told) => {
      if (told === when) {
        watching.watcher.close();
      }
    };
    await watching.world.pass(100_000);
    expect(watching.told.at(-1)).toBe(when);
    expect(watching.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("when told that the stream has broken off", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    watching.whenTold = () => watching.watcher.close();
    watching.stream.breakOff();
    await watching.world.pass(100_000);
    expect(watching.told).toEqual([true, 1, false]);
    expect(watching.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("when told that the stream was refused", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    watching.whenTold = () => watching.watcher.close();
    watching.world.server.streamStatus = 503;
    watching.stream.breakOff();
    await watching.world.pass(100_000);
    expect(watching.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("when told by an answer", async () => {
    const watching = new Watching({ EventSource: undefined });
    watching.whenTold = () => watching.watcher.close();
    await watching.world.pass(100_000);
    expect(watching.told).toEqual([1]);
    expect(watching.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("and nothing is told once closed, whatever is still on its way", async () => {
    const watching = new Watching();
    await watching.world.pass(1_000);
    watching.world.server.stop(NOON + 60_000);
    watching.watcher.refresh();
    watching.watcher.close();
    await watching.world.pass(100_000);
    expect(watching.told.filter((told) => typeof told === "number")).toEqual([1]);
    expect(watching.world.leftovers).toEqual(NOTHING_LEFT);
  });
});
