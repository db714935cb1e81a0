import { vi } from "vitest";

/** Collects the errors that the package reports as unhandled, which would otherwise end the tests. */
export function unhandledErrors(): unknown[] {
  const reported: unknown[] = [];
  const { queueMicrotask } = globalThis;
  // Node.js needs it too, for example to read responses.
  vi.spyOn(globalThis, "queueMicrotask").mockImplementation((run) =>
    queueMicrotask(() => {
      try {
        run();
      } catch (error) {
        reported.push(error);
      }
    }),
  );
  return reported;
}
