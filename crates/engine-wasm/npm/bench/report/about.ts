/** The head of a page: what was measured, where, when and how. */

/** Returns the head of a page. */
export function head(title: string, about: ReadonlyMap<string, string>): string {
  const known = (name: string): string => about.get(name) ?? "unknown";
  const versions = [...about]
    .filter(([name]) => !BASICS.includes(name))
    .map(([name, value]) => `${name} ${value}`);
  return [
    `# ${title}`,
    "`scripts/bench` writes this page; changes by hand are lost.",
    `Measured with \`${known("command")}\` on ${known("date")}, on ${known("cores")} cores of ${known("processor")} with ` +
      `${known("memory")} of memory, at commit ${known("commit")}. When the run began, the machine had a load of ` +
      `${known("load")} (the average number of running processes in the minute before). ${versions.join(", ")}.`,
  ].join("\n\n");
}

const BASICS: readonly string[] = ["command", "date", "cores", "processor", "memory", "commit", "load"];
