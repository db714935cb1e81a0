import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    // The server's content security policy allows no `data:` addresses, so nothing is written into the files that name it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    // The API of a server that was started by itself; the page itself comes from Vite.
    proxy: { "/v1": "http://localhost:8080" },
    // The npm package is a link to its folder, which lies outside this one.
    fs: { allow: [".", "../crates/engine-wasm/npm"] },
  },
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/built.ts"],
    // Two browsers at once would make each other's frames late.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
