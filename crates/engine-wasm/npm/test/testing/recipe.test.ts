import { virtualWorld } from "tickseed/testing";
import { expect, test } from "vitest";

test("the host stops the quiz while my player's phone sleeps", async () => {
  const world = await virtualWorld({ now: "2030-01-01T20:00:00Z" });
  // A question every 30 seconds.
  const quiz = world.createSession({ tickMs: 30_000, startAt: world.now });
  const session = await world.connect(quiz);
  const shown: string[] = [];
  session.on("tick", ({ step }) => shown.push(`question ${step}`));
  session.on("stopped", ({ state }) => shown.push(`the end, after question ${state.step}`));
  await world.advance(60_000);
  expect(shown.at(-1)).toBe("question 2");

  world.sleep(3_600_000);
  await world.advance(45_000);
  world.server.stopSession(quiz);
  await world.advance(3_555_000);
  expect(shown.at(-1)).toBe("question 2");

  // The phone is awake, and asks the server at once.
  await world.advance(1_000);
  expect(shown.slice(-2)).toEqual(["question 3", "the end, after question 3"]);
  expect(session.status).toBe("stopped");

  session.close();
  expect(world.leftovers).toEqual({ timers: 0, requests: 0, streams: 0, wakeEvents: 0 });
});
