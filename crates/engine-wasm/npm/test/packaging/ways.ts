/** The ways of using the package: each runs a program and returns what the program shows. */
import type { Browser } from "playwright-core";

import type { Project } from "./installed.js";
import type { Entry, Source } from "./programs.js";

/** The inputs of a way. */
export interface Trial {
  readonly project: Project;
  readonly browser: Browser;
  /** A folder of the project for this trial only. */
  readonly folder: string;
  readonly entry: Entry;
  readonly source: Source;
}

export interface Way {
  readonly name: string;
  /** The usual way for a program to name the file. */
  readonly own: Source;
  /** Whether the entries find the file by themselves. */
  readonly findsFile: boolean;
  run(trial: Trial): Promise<Outcome>;
}

export interface Outcome {
  readonly output: string;
  /** The WebAssembly files in a bundler's output. */
  readonly files?: readonly string[];
}
