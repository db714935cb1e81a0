import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative addresses, so that any static host can serve the page from any folder.
  base: "./",
  build: {
    target: "es2022",
    // The server's content security policy forbids `data:` URLs, so no asset may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: {
    // Vite serves the page; the API comes from a server that was started separately.
    proxy: { "/v1": "http://localhost:8080" },
    // The npm package is linked from a folder outside this one.
    fs: { allow: [".", "../crates/engine-wasm/npm"] },
  },
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/built.ts"],
    // Two browsers at once would delay each other's frames.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
