"use client";

/**
 * A hook for React 18 and 19.
 *
 * @packageDocumentation
 */
import "./sources/file.js";

export * from "./exports/react.js";
