import { EngineError } from "../engine/error.js";
import { printable } from "../engine/input.js";
import { milliseconds } from "../engine/instant.js";
import type { Instant } from "../engine/session.js";

/**
 * Returns the options. Throws for a bare instant, which in JavaScript would go unnoticed: the request would then take effect at
 * once.
 *
 * @param name The option that the instant was meant for.
 */
export function checkedOptions<Options extends object>(name: string, options: Options): Options {
  if (typeof options !== "object" || options instanceof Date) {
    const got = options instanceof Date ? "a Date" : printable(options);
    throw new EngineError(
      "not_an_instant",
      name,
      `${name} must be passed as { ${name}: instant }, got ${got}`,
    );
  }
  return options;
}

/** Returns an instant as the server's JSON has it. The server checks strings. */
export function timestamp(name: string, instant: Instant): string {
  return typeof instant === "string" ? instant : new Date(milliseconds(name, instant)).toISOString();
}
