/** What the report of each part consists of. */

/** A target, and whether it was met. */
export interface Verdict {
  readonly holds: boolean;
  /** What must hold, and what was measured. */
  readonly text: string;
}

/** The report of a part. */
export interface Part {
  /** The page in Markdown, without its head. */
  readonly page: string;
  /** The plots by the names of their files. */
  readonly plots: Readonly<Record<string, string>>;
  readonly verdicts: readonly Verdict[];
}

/** Formats a verdict as a line. */
export function line({ holds, text }: Verdict): string {
  return `${holds ? "holds" : "DOES NOT HOLD"}: ${text}`;
}
