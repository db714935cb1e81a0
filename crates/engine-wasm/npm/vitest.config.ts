import { defineConfig } from "vitest/config";

const IN_BROWSERS = {
  globalSetup: ["test/built.ts"],
  // These tests mostly wait for real time to pass. More of them at once would delay each other.
  maxWorkers: 3,
  testTimeout: 180_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts", "simulation/*.test.ts", "bench/**/*.test.ts"],
          exclude: ["test/browser/**", "test/packaging/**"],
          globalSetup: ["test/built.ts"],
          // The simulation runs through days of virtual time.
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "packaging",
          include: ["test/packaging/*.test.ts"],
          globalSetup: ["test/built.ts"],
          // These tests pack, install and build.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      { test: { ...IN_BROWSERS, name: "browser", include: ["test/browser/*.test.ts"] } },
      // What takes too long for every change. scripts/test-long runs it.
      {
        test: {
          name: "long-simulation",
          include: ["simulation/long/*.test.ts"],
          testTimeout: 120_000,
        },
      },
      { test: { ...IN_BROWSERS, name: "other-browsers", include: ["test/browser/other/*.test.ts"] } },
    ],
  },
});
