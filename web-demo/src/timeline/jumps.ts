/** The instants that are one click away. */

export interface Jump {
  readonly id: string;
  readonly label: string;
  instant(now: number): number;
}

export const JUMPS: readonly Jump[] = [
  { id: "minute", label: "A minute ago", instant: (now) => now - 60_000 },
  { id: "hour", label: "In an hour", instant: (now) => now + 3_600_000 },
  { id: "year", label: "In a year", instant: (now) => now + 365 * 86_400_000 },
  {
    id: "new-year",
    label: "New Year",
    instant: (now) => new Date(new Date(now).getFullYear() + 1, 0, 1).getTime(),
  },
  { id: "2500", label: "The year 2500", instant: () => new Date(2500, 0, 1).getTime() },
];
