/** The results as a Markdown table. */
import { ORDERS, type Order } from "./hosts/report.js";

/** The result of a row. */
export interface Result {
  readonly target: string;
  readonly engine: string;
  readonly build: string;
  readonly states: number;
  readonly digests: Record<Order, string>;
  readonly seconds: Record<Order, number>;
}

/** Enough of a digest to tell two apart. */
const DIGITS_SHOWN = 12;

export function table(results: readonly Result[]): string {
  const head = ["target", "engine", "build", "states", ...ORDERS.flatMap((order) => [order, "s"])];
  const lines = results.map(({ target, engine, build, states, digests, seconds }) => [
    target,
    engine,
    build,
    grouped(states),
    ...ORDERS.flatMap((order) => [`\`${digests[order].slice(0, DIGITS_SHOWN)}\``, seconds[order].toFixed(1)]),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((cells) => (cells[column] ?? "").length)),
  );
  const isNumber = (column: number) => head[column] === "states" || head[column] === "s";
  const padded = (cells: readonly string[]) =>
    cells.map((cell, column) =>
      isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
  const rule = widths.map((width, column) =>
    isNumber(column) ? `${"-".repeat(width + 1)}:` : "-".repeat(width + 2),
  );
  return [
    `| ${padded(head).join(" | ")} |`,
    `|${rule.join("|")}|`,
    ...lines.map((cells) => `| ${padded(cells).join(" | ")} |`),
  ].join("\n");
}

/** Groups digits by thousands: 1,000,000. */
export function grouped(number: number): string {
  return number.toLocaleString("en-US");
}
