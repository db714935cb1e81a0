/** The apps whose tools install and run quickly. scripts/test-packaging runs all of them. */
import { afterAll, beforeAll, describe, it } from "vitest";

import { FAST_APPS } from "./apps/all.js";
import { attempt } from "./apps/attempt.js";
import { openWorkshop, type Workshop } from "./apps/workshop.js";

let workshop: Workshop;

beforeAll(async () => {
  workshop = await openWorkshop();
});

afterAll(() => workshop?.close());

describe("the known state is shown by", () => {
  for (const app of FAST_APPS) {
    it(app.name, () => attempt(app, workshop));
  }
});
