import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/built.ts"],
    // The packaging test packs, installs and builds.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
