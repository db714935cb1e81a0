/** Whether anything notices that the engine of a copy of the workspace is wrong. */
import { join } from "node:path";

import { cargoSettings, FOREIGN } from "../foreign.js";
import { run } from "./limited.js";

/** What a test did about it. A fault that makes the engine search forever is noticed, too. */
export interface Outcome {
  readonly noticed: "no" | "yes" | "yes, goes on forever";
  /** What the test printed. */
  readonly output: string;
}

/** Both tests. */
export interface Outcomes {
  readonly vectors: Outcome;
  readonly digest: Outcome;
}

/** The tests take a few seconds, under an emulator some more. */
const FOREVER_MS = 300_000;

/** Optimized, and without the checks of debug builds: what is wrong has to show in the answers. */
const BUILD = {
  CARGO_PROFILE_DEV_OPT_LEVEL: "1",
  CARGO_PROFILE_DEV_OVERFLOW_CHECKS: "false",
  CARGO_PROFILE_DEV_DEBUG_ASSERTIONS: "false",
  CARGO_PROFILE_DEV_DEBUG: "false",
};

/** Runs the test of the vectors and that of the digest, for this machine or another target. */
export async function notice(workspace: string, target: string | undefined): Promise<Outcomes> {
  return {
    vectors: await outcome(workspace, target, ["--package", "tickseed-engine", "--test", "vectors"]),
    digest: await outcome(workspace, target, ["--package", "tickseed-conformance", "--test", "version"]),
  };
}

async function outcome(
  workspace: string,
  target: string | undefined,
  what: readonly string[],
): Promise<Outcome> {
  const foreign = FOREIGN.find((foreign) => foreign.target === target);
  const cross = foreign === undefined ? {} : cargoSettings(foreign);
  const test = ["test", "--quiet", ...what, ...(target === undefined ? [] : ["--target", target])];
  const env = { ...process.env, CARGO_TARGET_DIR: join(workspace, "target"), ...BUILD, ...cross };
  // Apart from the test: how long a build takes depends on the machine.
  const built = await run("cargo", [...test, "--no-run"], { cwd: workspace, env });
  if (built.status !== 0) {
    throw new Error(`cannot be built:\n${built.output}`);
  }
  const { status, tooLong, output } = await run("cargo", test, {
    cwd: workspace,
    env,
    milliseconds: FOREVER_MS,
  });
  if (status === undefined && !tooLong) {
    throw new Error(`the test was ended by somebody:\n${output}`);
  }
  if (status !== 0 && !tooLong && !output.includes("test result: FAILED")) {
    throw new Error(`the test came to no result:\n${output}`);
  }
  const fails = tooLong ? "yes, goes on forever" : "yes";
  return { noticed: status === 0 ? "no" : fails, output };
}
