/** The ways in which the package is tried: each runs a program that uses it, and gives what the program shows. */
import type { Browser } from "playwright-core";

import type { Project } from "./installed.js";
import type { Entry, Source } from "./programs.js";

/** What a way is tried with. */
export interface Trial {
  readonly project: Project;
  readonly browser: Browser;
  /** A folder of the project for this trial alone. */
  readonly folder: string;
  readonly entry: Entry;
  readonly source: Source;
}

export interface Way {
  readonly name: string;
  /** Where a program says that the file is, the usual way. */
  readonly own: Source;
  /** Whether the entries find the file by themselves. */
  readonly findsFile: boolean;
  run(trial: Trial): Promise<Outcome>;
}

export interface Outcome {
  readonly shown: string;
  /** The WebAssembly files among what a bundler made. */
  readonly files?: readonly string[];
}
