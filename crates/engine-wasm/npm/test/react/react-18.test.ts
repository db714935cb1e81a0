/** The same with React 18, which is in a separate package. */
import { createRequire } from "node:module";
import { vi } from "vitest";

import type { React } from "./stage.js";

const require = createRequire(new URL("react-18/package.json", import.meta.url));
const { describeHook } = await import("./hook.js");
const { prepareDocument } = await import("./stage.js");

vi.mock("react", () => {
  const react = require("react") as object;
  return { ...react, default: react };
});

prepareDocument();
const { createRoot, hydrateRoot } = require("react-dom/client") as Pick<React, "createRoot" | "hydrateRoot">;
const { renderToString } = require("react-dom/server") as Pick<React, "renderToString">;

describeHook({ ...(require("react") as React), createRoot, hydrateRoot, renderToString });
