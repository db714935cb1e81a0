/** Runs the tests that must detect a planted fault. */
import { join } from "node:path";

import { cargoSettings, FOREIGN } from "../foreign.js";
import { run } from "./time-limit.js";

/** The outcome of one test. A fault that makes the engine loop forever also counts as detected. */
export interface Outcome {
  readonly detected: "no" | "yes" | "yes, never ends";
  /** The output of the test. */
  readonly output: string;
}

/** The outcomes of both tests. */
export interface Outcomes {
  readonly vectors: Outcome;
  readonly digest: Outcome;
}

/** The tests take a few seconds, and a little longer under an emulator. */
const TIME_LIMIT_MS = 300_000;

/** Optimized and without debug checks, so that a mistake shows only in the answers. */
const BUILD = {
  CARGO_PROFILE_DEV_OPT_LEVEL: "1",
  CARGO_PROFILE_DEV_OVERFLOW_CHECKS: "false",
  CARGO_PROFILE_DEV_DEBUG_ASSERTIONS: "false",
  CARGO_PROFILE_DEV_DEBUG: "false",
};

/** Runs the test of the vectors and the test of the digest, for this machine or for another target. */
export async function detect(workspace: string, target: string | undefined): Promise<Outcomes> {
  return {
    vectors: await outcome(workspace, target, ["--package", "tickseed-engine", "--test", "vectors"]),
    digest: await outcome(workspace, target, ["--package", "tickseed-conformance", "--test", "version"]),
  };
}

async function outcome(
  workspace: string,
  target: string | undefined,
  test: readonly string[],
): Promise<Outcome> {
  const foreign = FOREIGN.find((foreign) => foreign.target === target);
  const cross = foreign === undefined ? {} : cargoSettings(foreign);
  const args = ["test", "--quiet", ...test, ...(target === undefined ? [] : ["--target", target])];
  const env = { ...process.env, CARGO_TARGET_DIR: join(workspace, "target"), ...BUILD, ...cross };
  // The time limit covers only the test: the time of a build depends on the machine.
  const built = await run("cargo", [...args, "--no-run"], { cwd: workspace, env });
  if (built.status !== 0) {
    throw new Error(`the build failed:\n${built.output}`);
  }
  const { status, timedOut, output } = await run("cargo", args, {
    cwd: workspace,
    env,
    milliseconds: TIME_LIMIT_MS,
  });
  if (status === undefined && !timedOut) {
    throw new Error(`a signal ended the test:\n${output}`);
  }
  if (status !== 0 && !timedOut && !output.includes("test result: FAILED")) {
    throw new Error(`the test gave no result:\n${output}`);
  }
  const failed = timedOut ? "yes, never ends" : "yes";
  return { detected: status === 0 ? "no" : failed, output };
}
