import { defineConfig } from "vitest/config";

export default defineConfig({
  // The tests start many programs, on machines that may be busy.
  test: { testTimeout: 60_000 },
});
