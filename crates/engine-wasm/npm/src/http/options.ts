import { EngineError } from "../engine/error.js";
import { printable } from "../engine/input.js";
import { milliseconds } from "../engine/instant.js";
import type { Instant } from "../engine/session.js";

/** The names of options. */
export type OptionNames<Options> = Record<keyof Options, true>;

/**
 * Returns the options. Throws for a bare instant or an unknown option, which in JavaScript would go unnoticed: the request would
 * then take effect at once.
 *
 * @param name The option that an instant was meant for.
 * @param names All options.
 */
export function checkedOptions<Options extends object>(
  name: string,
  options: Options,
  names: OptionNames<Options>,
): Options {
  if (typeof options !== "object" || options instanceof Date) {
    const got = options instanceof Date ? "a Date" : printable(options);
    throw new EngineError(
      "not_an_instant",
      name,
      `${name} must be passed as { ${name}: instant }, got ${got}`,
    );
  }
  checkNames("option", options, names);
  return options;
}

/**
 * Throws for a name that does not exist, which in JavaScript would go unnoticed.
 *
 * @param kind What the names name.
 */
export function checkNames<Named extends object>(
  kind: string,
  named: Named,
  names: OptionNames<Named>,
): void {
  const unknown = Object.keys(named).find((name) => !Object.hasOwn(names, name));
  if (unknown !== undefined) {
    const known = Object.keys(names).join(", ");
    throw new EngineError(
      "unknown_option",
      unknown,
      `there is no ${kind} ${printable(unknown)}; the ${kind}s are ${known}`,
    );
  }
}

/** Returns an instant as the server's JSON has it, in whole milliseconds. The server checks strings. */
export function timestamp(name: string, instant: Instant): string {
  return typeof instant === "string" ? instant : new Date(milliseconds(name, instant)).toISOString();
}
