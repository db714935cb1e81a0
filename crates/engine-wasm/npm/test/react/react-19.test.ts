import { describeHook } from "./hook.js";
import { prepareDocument, type React } from "./stage.js";

prepareDocument();
const react = await import("react");
const { createRoot, hydrateRoot } = await import("react-dom/client");
const { renderToString } = await import("react-dom/server");

describeHook({ ...react, createRoot, hydrateRoot, renderToString } as unknown as React);
