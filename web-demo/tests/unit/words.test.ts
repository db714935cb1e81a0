import { expect, test } from "vitest";

import {
  ago,
  aheadBy,
  bytes,
  computing,
  counted,
  duration,
  listed,
  plusMinus,
  spelled,
} from "../../src/words.js";

test.each([
  [counted(1, "request"), "1 request"],
  [counted(1_234, "request"), "1,234 requests"],
  [spelled(1, "player"), "One player"],
  [spelled(8, "player"), "Eight players"],
  [listed(["Anna", "Ben", "Chloe"]), "Anna, Ben, and Chloe"],
  [duration(2_140), "2.1 s"],
  [duration(9_960), "9 s"],
  [duration(61_000), "1 min"],
  [duration(12 * 3_600_000), "12 h"],
  [ago(400), "just now"],
  [ago(3_900), "3 s ago"],
  [plusMinus(0.31), "± 0.4 ms"],
  [plusMinus(12.1), "± 13 ms"],
  [plusMinus(43_200_000), "± 12 h"],
  [bytes(480), "480 B"],
  [bytes(1_234), "1.2 KB"],
  [bytes(84_000_000), "84 MB"],
  [aheadBy(0), "correct"],
  [aheadBy(3 * 3_600_000), "3 h ahead"],
  [aheadBy(-90 * 60_000), "1 h 30 min behind"],
  [computing(0.84), "0.8 µs"],
  [computing(14.3), "14 µs"],
  [computing(1_230), "1.2 ms"],
])("%s", (formatted, expected) => {
  expect(formatted).toBe(expected);
});
