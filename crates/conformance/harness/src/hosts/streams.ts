/** Sends lines to standard output and progress to standard error, as the native program does. */
import type { Output } from "./report.js";

export const STREAMS: Output = {
  line: (text) => process.stdout.write(`${text}\n`),
  progress: (states) => process.stderr.write(`${states}\n`),
};
