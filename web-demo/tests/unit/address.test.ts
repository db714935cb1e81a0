import { expect, test } from "vitest";

import { linkTo, wantedBy, withSession } from "../../src/address.js";

test("an address says what the visitor wants", () => {
  expect(wantedBy("https://host/?session=sess_1&api=https://ticks.example/&fault=seed&players=8")).toEqual({
    server: "https://ticks.example",
    session: "sess_1",
    fault: "seed",
    players: 8,
  });
  expect(wantedBy("https://host/folder/?fault=none&players=9")).toEqual({
    server: "https://host",
    session: undefined,
    fault: undefined,
    players: 4,
  });
});

test("a link holds the session and its server, and nothing else of the page's address", () => {
  expect(linkTo("sess_1", "https://host/folder/?api=https://ticks.example&fault=seed&token=tst_0#x")).toBe(
    "https://host/folder/?session=sess_1&api=https%3A%2F%2Fticks.example",
  );
  expect(withSession("sess_2", "https://host/?session=sess_1&players=2")).toBe(
    "https://host/?session=sess_2&players=2",
  );
});
