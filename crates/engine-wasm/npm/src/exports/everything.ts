/** All public names except the React hook. */
export * from "./engine.js";
export * from "./sessions.js";
