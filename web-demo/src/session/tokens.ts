/**
 * The control tokens of the sessions that this tab has created. They stay in the tab's own storage: a link to the session never
 * contains one, and a tab that opens the link has none.
 */

/** Where tokens are kept: `sessionStorage`, or its stand-in in tests. */
export type TokenStorage = Pick<Storage, "getItem" | "setItem">;

/** What the name of a token in the storage begins with. */
const PREFIX = "tickseed-control-token:";

export class Tokens {
  readonly #storage: TokenStorage | undefined;
  /** Those of this page, in case the browser forbids storage. */
  readonly #kept = new Map<string, string>();

  constructor(storage: TokenStorage | undefined) {
    this.#storage = storage;
  }

  /** Returns the token of a session, if this tab has created it. */
  of(server: string, id: string): string | undefined {
    const name = nameOf(server, id);
    return this.#kept.get(name) ?? quietly(() => this.#storage?.getItem(name)) ?? undefined;
  }

  keep(server: string, id: string, token: string): void {
    const name = nameOf(server, id);
    this.#kept.set(name, token);
    quietly(() => this.#storage?.setItem(name, token));
  }
}

/** A server chooses the ids that it answers with, so an id alone would give it the tokens of other servers. */
function nameOf(server: string, id: string): string {
  return `${PREFIX}${new URL(server).origin} ${id}`;
}

/** Returns the storage of the tab. Browsers that forbid it throw even when it is only named. */
export function tabStorage(): TokenStorage | undefined {
  return quietly(() => sessionStorage);
}

function quietly<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
