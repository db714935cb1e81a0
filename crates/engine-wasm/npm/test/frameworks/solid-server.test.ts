import { renderToString } from "solid-js/web";
import { expect, it } from "vitest";

import { useSession } from "../../src/solid.js";
import { RECORD } from "../world/http-world.js";
import { NOTHING_LEFT, openPage } from "./page.js";

it("renders on a server what the record says, without a request", async () => {
  const { world, platform } = await openPage();
  const address = world.server.store();
  const html = renderToString(() => {
    const { status, connection } = useSession(() => address, { platform, record: RECORD });
    return `${status()} ${connection()}`;
  });
  expect(html).toContain("running connecting");
  await world.pass(10_000);
  expect(world.server.received).toEqual([]);
  expect(world.leftovers).toEqual(NOTHING_LEFT);
});
