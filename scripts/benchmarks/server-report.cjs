/** Prints the tables of scripts/bench-server. Argument: the file with its measurements. */
const { readFileSync } = require("node:fs");
const { interval, median } = require("./statistics.cjs");

const sides = { now: new Map(), before: new Map() };
for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
  const [name, side, ...numbers] = line.split("\t");
  sides[side].set(name, [...(sides[side].get(name) ?? []), numbers.map(Number)]);
}
const { now, before } = sides;
const width = Math.max(...[...now.keys()].map((name) => name.length));
const medians = (name) => [0, 1, 2].map((column) => median(now.get(name).map((numbers) => numbers[column])));
// Compares within each round, so that a slow spell of the machine affects both sides.
const ratio = (name) => median(now.get(name).map(([rate], round) => rate / now.get("hello world")[round][0]));

console.log(`| ${"case".padEnd(width)} | requests/s |  p50 ms |  p99 ms | relative to hello world |                      |`);
console.log(`|${"-".repeat(width + 2)}|-----------:|--------:|--------:|------------------------:|----------------------|`);
for (const name of now.keys()) {
  const [rate, p50, p99] = medians(name);
  const cells = [
    name.padEnd(width),
    rate.toFixed(0).padStart(10),
    p50.toFixed(2).padStart(7),
    p99.toFixed(2).padStart(7),
    ratio(name).toFixed(2).padStart(23),
    "█".repeat(Math.round(20 * ratio(name))).padEnd(20),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

// A table of ratios: the geometric mean over all rounds, and its 95 % interval. One round has no interval.
const compare = (title, names, measured, reference) => {
  console.log(`\n| ${"case".padEnd(width)} | ${title} | 95 % interval  |`);
  console.log(`|${"-".repeat(width + 2)}|-${"-".repeat(title.length)}:|---------------:|`);
  for (const name of names) {
    const ratios = measured(name).map(([rate], round) => rate / reference(name)[round][0]);
    const [mean, low, high] = interval(ratios).map((number) => number.toFixed(3));
    const ends = ratios.length > 1 ? `${low} to ${high}` : "-".padEnd(14);
    console.log(`| ${name.padEnd(width)} | ${mean.padStart(title.length)} | ${ends} |`);
  }
};

const warm = (store) => `GET session, ${store}, warm`;
const others = [warm("PostgreSQL"), warm("Cassandra")];
compare("store / Redis", others, (name) => now.get(name), () => now.get(warm("Redis")));
if (before.size > 0) {
  compare("now / before", before.keys(), (name) => now.get(name), (name) => before.get(name));
}
