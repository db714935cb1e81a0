/** Whether anything notices that the engine of a copy of the workspace is wrong. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** What has noticed. */
export interface Noticed {
  readonly vectors: boolean;
  readonly digest: boolean;
}

/** Optimized, and without the checks of debug builds: what is wrong has to show in the answers. */
const BUILD = {
  CARGO_PROFILE_DEV_OPT_LEVEL: "1",
  CARGO_PROFILE_DEV_OVERFLOW_CHECKS: "false",
  CARGO_PROFILE_DEV_DEBUG_ASSERTIONS: "false",
  CARGO_PROFILE_DEV_DEBUG: "false",
};

/** Linkers, and who runs the tests, of the targets that some faults show on. */
const CROSS: Record<string, Record<string, string>> = {
  "s390x-unknown-linux-gnu": {
    CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER: "s390x-linux-gnu-gcc",
    CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_RUNNER: "qemu-s390x",
  },
  "i686-unknown-linux-gnu": {
    CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER: "i686-linux-gnu-gcc",
  },
};

/** Runs the test of the vectors and that of the digest, for this machine or another target. */
export function notice(workspace: string, target: string | undefined): Noticed {
  return {
    vectors: fails(workspace, target, ["--package", "tickseed-engine", "--test", "vectors"]),
    digest: fails(workspace, target, ["--package", "tickseed-digest", "--test", "version"]),
  };
}

function fails(workspace: string, target: string | undefined, what: readonly string[]): boolean {
  const cross = target === undefined ? {} : { ...CROSS[target], RUSTFLAGS: "-C target-feature=+crt-static" };
  const to = target === undefined ? [] : ["--target", target];
  const cargo = (...more: readonly string[]) =>
    spawnSync("cargo", ["test", "--quiet", ...what, ...to, ...more], {
      cwd: workspace,
      env: { ...process.env, CARGO_TARGET_DIR: join(workspace, "target"), ...BUILD, ...cross },
      encoding: "utf8",
      // A fault that makes the engine search forever is noticed, too.
      timeout: 300_000,
    });
  const built = cargo("--no-run");
  if (built.status !== 0) {
    throw new Error(`the fault cannot be built:\n${built.stderr}`);
  }
  return cargo().status !== 0;
}
