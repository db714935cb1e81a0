/**
 * The control tokens of the sessions that this tab has created. They stay in the tab's own storage: a link to the session never
 * contains one, and a tab that opens the link has none.
 */
import type { SessionAnswer } from "./server.js";

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
  of(id: string): string | undefined {
    return this.#kept.get(id) ?? quietly(() => this.#storage?.getItem(PREFIX + id)) ?? undefined;
  }

  keep(id: string, token: string): void {
    this.#kept.set(id, token);
    quietly(() => this.#storage?.setItem(PREFIX + id, token));
  }
}

/** Returns the storage of the tab. Browsers that forbid it throw even when it is only named. */
export function tabStorage(): TokenStorage | undefined {
  return quietly(() => sessionStorage);
}

/** The answer to a creation, whose text the page shows to everybody. */
export interface Created {
  readonly session: SessionAnswer;
  readonly text: string;
  readonly token: string | undefined;
}

/** Takes the token out of a session that was just created, and out of its text. */
export function withoutToken(answer: SessionAnswer, text: string): Created {
  const { control_token: token, ...session } = answer as SessionAnswer & { control_token?: string };
  if (token === undefined) {
    return { session, text, token };
  }
  const member = `,"control_token":${JSON.stringify(token)}`;
  // A server that spelled it in another way must not make the page show it.
  const rest = text.replace(member, "");
  return { session, text: rest.includes(token) ? JSON.stringify(session) : rest, token };
}

function quietly<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
