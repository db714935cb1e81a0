import { printable } from "../engine/input.js";
import { SessionError } from "./error.js";

/** The addresses of a session. All have the query of the session's address, such as a token. */
export interface SessionAddress {
  readonly session: string;
  readonly events: string;
  /** The address of the same server's time. */
  readonly time: string;
  /** Returns the address of an action, such as `stop`. */
  action(name: string): string;
}

const SESSION = /\/sessions\/[^/]+$/;

/**
 * Parses the address of a session. It must end in `/sessions/{id}`; any path may precede that, for servers behind a proxy.
 * Relative addresses are resolved against the page or worker.
 */
export function sessionAddress(address: string | URL): SessionAddress {
  const url = absolute(address);
  const path = url.pathname.replace(/\/$/, "");
  if (!SESSION.test(path)) {
    throw new SessionError(
      "not_an_address",
      `the address of a session must end in /v1/sessions/{id}, got ${printable(String(address))}`,
    );
  }
  const at = (pathname: string): string => new URL(pathname + url.search, url.origin).href;
  const action = (name: string): string => at(`${path}/${name}`);
  return { session: at(path), events: action("events"), time: at(path.replace(SESSION, "/time")), action };
}

/** Returns an address of a server, which may be behind a path and have a query: `https://ticks.example/path?token=...`. */
export function serverAddress(address: string | URL, path: string): string {
  const url = absolute(address);
  return new URL(url.pathname.replace(/\/$/, "") + path + url.search, url.origin).href;
}

function absolute(address: string | URL): URL {
  const url = parsed(address);
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const got = printable(String(address));
    const why =
      url === undefined ? ", which is not absolute, and there is no page to resolve it against" : "";
    throw new SessionError(
      "not_an_address",
      `expected an address such as https://ticks.example/v1/sessions/sess_..., got ${got}${why}`,
    );
  }
  return url;
}

function parsed(address: string | URL): URL | undefined {
  const { document, location } = globalThis as { document?: Document; location?: Location };
  try {
    // Documents outside of browsers may have an empty base, against which not even an absolute address can be resolved.
    return new URL(address, document?.baseURI || location?.href || undefined);
  } catch {
    return undefined;
  }
}
