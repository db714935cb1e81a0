import { defineConfig } from "vitest/config";

const TESTS = { globalSetup: ["tests/built.ts"], testTimeout: 60_000, hookTimeout: 60_000 };
// These tests mostly wait for real time to pass. More of them at once would delay each other.
const IN_BROWSERS = { ...TESTS, maxWorkers: 2 };

export default defineConfig({
  // Relative addresses, so that any static host can serve the page from any folder.
  base: "./",
  build: {
    target: "es2022",
    // The server's content security policy forbids `data:` URLs, so no asset may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The licences of the libraries ask for their texts to come with the page.
    license: { fileName: "licences.md" },
  },
  worker: { format: "es" },
  server: {
    // Vite serves the page; the API comes from a server that was started separately.
    proxy: { "/v1": "http://localhost:8080" },
    // The npm package is linked from a folder outside this one.
    fs: { allow: [".", "../crates/engine-wasm/npm"] },
  },
  test: {
    projects: [
      { test: { ...IN_BROWSERS, name: "page", include: ["tests/{unit,browser}/**/*.test.ts"] } },
      // What takes too long for every change. scripts/test-long runs it.
      { test: { ...IN_BROWSERS, name: "other-browsers", include: ["tests/other-browsers/*.test.ts"] } },
      // Scripts of their own run these: they take minutes, or make pictures.
      { test: { ...TESTS, name: "long", fileParallelism: false, include: ["tests/long/**/*.test.ts"] } },
    ],
  },
});
