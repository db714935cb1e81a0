/** A component that is mounted offline, before the engine is loaded. */
import { readFileSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";

import { prepareDocument, type React, Stage } from "./stage.js";

prepareDocument();
const react = await import("react");
const { createRoot } = await import("react-dom/client");

const MODULE = new URL("../../generated/tickseed_bg.wasm", import.meta.url);

afterEach(() => vi.unstubAllGlobals());

it("the hook connects once it is online, although neither the engine nor the session could be loaded", async () => {
  const stage = new Stage({ ...react, createRoot } as unknown as React);
  const { world } = stage;
  let isOnline = false;
  vi.stubGlobal("fetch", () =>
    isOnline ? Promise.resolve(new Response(readFileSync(MODULE))) : Promise.reject(new TypeError("offline")),
  );
  const address = world.server.store();
  await stage.render({ address, options: { engine: "https://ticks.example/engine.wasm" } }, false, false);
  await stage.pass(10_000);
  expect(stage.view.error).toMatchObject({ code: "load_failed", mayPass: true });
  isOnline = true;
  await vi.waitFor(
    async () => {
      await stage.pass(1_000);
      expect(stage.view.session).toBeDefined();
    },
    { timeout: 30_000 },
  );
  expect(stage.view.error).toBeUndefined();
  await stage.unmount();
});
