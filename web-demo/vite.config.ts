import { defineConfig } from "vitest/config";

/** Two browsers at once would delay each other's frames. */
const ONE_BY_ONE = {
  globalSetup: ["tests/built.ts"],
  fileParallelism: false,
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

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
    fileParallelism: false,
    projects: [
      { test: { ...ONE_BY_ONE, name: "page", include: ["tests/{unit,browser}/**/*.test.ts"] } },
      // Scripts of their own run these: they take minutes, or make pictures.
      { test: { ...ONE_BY_ONE, name: "long", include: ["tests/long/**/*.test.ts"] } },
    ],
  },
});
