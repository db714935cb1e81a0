import { describe, expect, it } from "vitest";

import { json, NOON, NOTHING_LEFT, RECORD, refusal } from "../world/http-world.js";
import { Following } from "./following.js";

describe("news by events", () => {
  it("tell the session as it is, and then its stop", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    following.world.server.stop(NOON + 60_000);
    await following.world.pass(1_000);
    expect(following.told).toEqual([true, 1, 2]);
    expect(following.news.isListening).toBe(true);
  });

  it("are not asked for beside, but once a minute: a stream may have died without a trace", async () => {
    const following = new Following();
    await following.world.pass(200_000);
    expect(following.askedAt).toEqual([60_020, 120_040, 180_060]);
  });

  it.each(["no JSON {", "", "null", "5", "{}", '{"revision":"2"}'])(
    "that are broken on the way are left out: %j",
    async (data) => {
      const following = new Following();
      await following.world.pass(1_000);
      following.world.server.emit("stopped", data);
      await following.world.pass(1_000);
      expect(following.told).toEqual([true, 1]);
    },
  );

  it("end with the session, of which nothing is kept alive", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    following.world.server.emit("expired", JSON.stringify({ id: RECORD.id }));
    await following.world.pass(100_000);
    expect(following.told).toEqual([true, 1, false, "expired"]);
    expect(following.news.isListening).toBe(false);
    expect(following.world.leftovers).toEqual(NOTHING_LEFT);
    following.news.refresh();
    expect(following.world.leftovers).toEqual(NOTHING_LEFT);
  });
});

describe("a stream that breaks off", () => {
  it("is told, and so is that it comes back", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    following.stream.breakOff();
    expect(following.told).toEqual([true, 1, false]);
    await following.world.pass(4_000);
    expect(following.told).toEqual([true, 1, false, true, 1]);
  });

  it("has the session asked for every five seconds until it is back", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    following.world.server.reach = "unreachable";
    following.stream.breakOff();
    await following.world.pass(16_000);
    expect(following.askedAt).toEqual([6_000, 11_010, 16_020]);
    following.world.server.reach = "answers";
    await following.world.pass(10_000);
    const asked = following.askedAt.length;
    await following.world.pass(30_000);
    expect(following.askedAt).toHaveLength(asked);
  });

  it("is told once, though it breaks off again and again", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    following.world.server.reach = "unreachable";
    following.stream.breakOff();
    await following.world.pass(60_000);
    expect(following.told).toEqual([true, 1, false]);
  });
});

describe("a stream that is refused", () => {
  it("is opened again after one second, two, four, and so on up to thirty", async () => {
    const following = new Following({}, ({ server }) => {
      server.streamStatus = 503;
    });
    const opened: number[] = [];
    let known: unknown;
    for (let ms = 0; ms < 125_000; ms += 10) {
      await following.world.pass(10);
      const [stream] = following.world.server.streams;
      if (stream !== undefined && stream !== known) {
        known = stream;
        opened.push(following.world.agenda.now);
      }
    }
    const pauses = opened.map((at, index) => at - (opened[index - 1] ?? 0) - 20);
    expect(pauses.slice(1).map((pause) => Math.round(pause / 100) / 10)).toEqual([
      1, 2, 4, 8, 16, 30, 30, 30,
    ]);
  });

  it("after one that was not is opened again after one second", async () => {
    const following = new Following({}, ({ server }) => {
      server.streamStatus = 503;
    });
    await following.world.pass(6_000);
    following.world.server.streamStatus = 200;
    await following.world.pass(5_000);
    expect(following.news.isListening).toBe(true);
    following.world.server.streamStatus = 503;
    following.stream.breakOff();
    await following.world.pass(3_000 + 20 + 500);
    expect(following.world.server.streams.size).toBe(0);
    following.world.server.streamStatus = 200;
    await following.world.pass(600);
    expect(following.news.isListening).toBe(true);
  });

  it("does not keep the session from being asked for", async () => {
    const following = new Following({}, ({ server }) => {
      server.streamStatus = 503;
    });
    await following.world.pass(16_000);
    expect(following.askedAt).toEqual([5_000, 10_020, 15_040]);
    expect(following.told).toEqual([1, 1, 1].slice(0, following.told.length));
    expect(following.news.isListening).toBe(false);
  });

  it("leaves no stream of its own when another takes its place", async () => {
    const following = new Following({}, ({ server }) => {
      server.streamStatus = 503;
    });
    await following.world.pass(3_500);
    following.world.server.streamStatus = 200;
    following.news.refresh();
    await following.world.pass(60_000);
    expect(following.world.server.streams.size).toBe(1);
    expect(following.news.isListening).toBe(true);
  });
});

describe("without a stream", () => {
  const withoutStream = { EventSource: undefined };

  it("the session is asked for every five seconds, past what a cache holds", async () => {
    const following = new Following(withoutStream);
    await following.world.pass(16_000);
    expect(following.askedAt).toEqual([5_000, 10_020, 15_040]);
    for (const { init } of following.world.server.asked(following.path)) {
      expect(init.cache).toBe("no-cache");
    }
    expect(following.told).toEqual([1, 1, 1].slice(0, following.told.length));
    expect(following.news.isListening).toBe(false);
  });

  it("clients that started together do not ask together", async () => {
    const asked = [0, 0.999].map(async (random) => {
      const following = new Following({ ...withoutStream, random: () => random });
      await following.world.pass(6_500);
      return following.askedAt[0];
    });
    expect(await Promise.all(asked)).toEqual([4_000, expect.closeTo(5_998, 5)]);
  });

  it("a question that fails is asked again as if it had not been", async () => {
    const following = new Following(withoutStream);
    following.world.server.reach = "unreachable";
    await following.world.pass(11_000);
    following.world.server.reach = "answers";
    following.world.server.stop(NOON + 60_000);
    await following.world.pass(5_000);
    expect(following.told).toEqual([2]);
  });

  it("a session that the server has no more is expired, and not asked for again", async () => {
    const following = new Following(withoutStream);
    following.world.server.records.clear();
    await following.world.pass(60_000);
    expect(following.told).toEqual(["expired"]);
    expect(following.askedAt).toHaveLength(1);
    expect(following.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it.each([
    [404, "not_found"],
    [503, "store_unavailable"],
  ])("an answer of %i %s is no expiry: something in front may have given it", async (status, code) => {
    const following = new Following(withoutStream);
    following.world.server.interpose = () => refusal(code, status);
    await following.world.pass(11_000);
    expect(following.told).toEqual([]);
    expect(following.askedAt).toHaveLength(2);
  });

  it("an answer that is no session is left out", async () => {
    const following = new Following(withoutStream);
    following.world.server.interpose = () => json(null);
    await following.world.pass(6_000);
    following.world.server.interpose = () => json({ revision: 7 });
    await following.world.pass(5_000);
    expect(following.told).toEqual([]);
  });
});

describe("to make sure of what is known", () => {
  it("the session is asked for at once, and the stream opened anew", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    const before = following.stream;
    following.world.server.stop(NOON + 60_000);
    before.close();
    following.news.refresh();
    await following.world.pass(100);
    expect(following.stream).not.toBe(before);
    expect(following.told.at(-1)).toBe(2);
    expect(following.askedAt).toEqual([1_000]);
  });

  it("nothing of the stream before counts any more", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    const before = following.stream;
    following.news.refresh();
    before.readyState = 1;
    before.arrive("stopped", JSON.stringify({ ...RECORD, revision: 9 }));
    before.breakOff();
    expect(following.told).not.toContain(9);
    expect(following.told).not.toContain("expired");
  });

  it("it does not count as listening until the new stream is open", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    following.world.server.reach = "silent";
    following.news.refresh();
    await following.world.pass(1_000);
    expect(following.news.isListening).toBe(false);
    await following.world.pass(20_000);
    expect(following.askedAt.length).toBeGreaterThan(1);
  });

  it("a question that is under way is given up for a new one: the network that it went over may be gone", async () => {
    const following = new Following({ EventSource: undefined });
    following.world.server.reach = "silent";
    await following.world.pass(6_000);
    following.world.server.reach = "answers";
    following.news.refresh();
    await following.world.pass(20);
    expect(following.told).toEqual([1]);
    expect(following.world.leftovers.questions).toBe(0);
  });

  it("as often as one likes: one question and one stream are left", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    for (let count = 0; count < 10; count += 1) {
      following.news.refresh();
    }
    expect(following.world.leftovers).toMatchObject({ questions: 1, streams: 1 });
    await following.world.pass(1_000);
    expect(following.world.leftovers).toMatchObject({ questions: 0, streams: 1, timers: 1 });
  });
});

describe("whoever is told may close", () => {
  it.each([
    ["that news arrive by themselves", true],
    ["the session", 1],
  ])("when told %s", async (_what, when) => {
    const following = new Following();
    following.whenTold = (told) => {
      if (told === when) {
        following.news.close();
      }
    };
    await following.world.pass(100_000);
    expect(following.told.at(-1)).toBe(when);
    expect(following.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("when told that the stream has broken off", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    following.whenTold = () => following.news.close();
    following.stream.breakOff();
    await following.world.pass(100_000);
    expect(following.told).toEqual([true, 1, false]);
    expect(following.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("when told that the stream was refused", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    following.whenTold = () => following.news.close();
    following.world.server.streamStatus = 503;
    following.stream.breakOff();
    await following.world.pass(100_000);
    expect(following.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("when told by an answer", async () => {
    const following = new Following({ EventSource: undefined });
    following.whenTold = () => following.news.close();
    await following.world.pass(100_000);
    expect(following.told).toEqual([1]);
    expect(following.world.leftovers).toEqual(NOTHING_LEFT);
  });

  it("and nothing is told once closed, whatever is still on its way", async () => {
    const following = new Following();
    await following.world.pass(1_000);
    following.world.server.stop(NOON + 60_000);
    following.news.refresh();
    following.news.close();
    await following.world.pass(100_000);
    expect(following.told.filter((told) => typeof told === "number")).toEqual([1]);
    expect(following.world.leftovers).toEqual(NOTHING_LEFT);
  });
});
