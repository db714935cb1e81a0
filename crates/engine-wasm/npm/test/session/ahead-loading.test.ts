/** What `ahead` does while its code does not load. */
import { expect, it, vi } from "vitest";

import type { SessionFailure } from "../../src/index.js";
import { HttpWorld } from "../world/http-world.js";

vi.mock("../../src/session/ahead.js", () => {
  throw new Error("Failed to fetch dynamically imported module");
});

it("tells of it, tries again, and stops when it is ended", async () => {
  const world = new HttpWorld();
  const session = await world.connect();
  const failures: SessionFailure[] = [];
  session.on("error", (failure) => failures.push(failure));
  const off = session.ahead(100, () => undefined);
  await vi.waitFor(() => expect(failures).toMatchObject([{ what: "code", retryInMs: 5_000 }]));
  await world.pass(5_000);
  await vi.waitFor(() => expect(failures).toHaveLength(2));
  off();
  await world.pass(20_000);
  await vi.dynamicImportSettled();
  expect(failures).toHaveLength(2);
  session.close();
});
