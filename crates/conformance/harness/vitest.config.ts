import { defineConfig } from "vitest/config";

export default defineConfig({
  // Programs are started one after the other, on machines that have other things to do.
  test: { testTimeout: 60_000 },
});
