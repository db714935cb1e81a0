/** Tables in Markdown. */

/** Formats a table. Columns whose cells begin with a letter or an asterisk are aligned left. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const isText = head.map((_, column) => rows.some((row) => /^[a-z*]/i.test(row[column] ?? "")));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => padded(cell, widths[column] ?? 0, isText[column] ?? true)).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isText[column] === true ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`,
  );
  return [line(head), `|${rule.join("|")}|`, ...rows.map(line)].join("\n");
}

function padded(cell: string, width: number, isText: boolean): string {
  return isText ? cell.padEnd(width) : cell.padStart(width);
}
