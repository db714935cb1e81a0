import { printable } from "../engine/input.js";
import { SessionError } from "./error.js";

/** The addresses of a session. All have the query of the session's address, such as a token. */
export interface SessionAddress {
  readonly origin: string;
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
  checkText("session", address, "/v1/sessions/sess_...");
  const url = absolute(address);
  const path = url.pathname.replace(/\/$/, "");
  if (!SESSION.test(path)) {
    throw new SessionError(
      "not_an_address",
      `the address of a session must end in /v1/sessions/{id}, got ${printable(String(address))}`,
    );
  }
  const { origin } = url;
  const at = (end: string): string => origin + end + url.search;
  const action = (name: string): string => at(`${path}/${name}`);
  const time = at(path.replace(SESSION, "/time"));
  return { origin, session: at(path), events: action("events"), time, action };
}

/** Returns an address of a server, which may be behind a path and have a query: `https://ticks.example/path?token=...`. */
export function serverAddress(address: string | URL, path: string): string {
  checkText("server", address, "");
  const url = absolute(address);
  if (/\/v1(\/|$)/.test(url.pathname)) {
    throw new SessionError(
      "not_an_address",
      `the address of a server ends before /v1, got ${printable(String(address))}`,
    );
  }
  return url.origin + url.pathname.replace(/\/$/, "") + path + url.search;
}

/** Throws for anything but a text, for example the record of a session, which does not know its address. */
function checkText(name: string, address: unknown, path: string): void {
  // A URL of another realm, as in jsdom, is not an instance of this realm's class.
  if (typeof address !== "string" && typeof (address as URL | undefined)?.href !== "string") {
    throw new SessionError(
      "not_an_address",
      `${name} must be an address such as https://ticks.example${path}, got ${printable(address)}`,
    );
  }
}

/** Reads the parts from the whole address, because in React Native a URL does not have them. */
function absolute(address: string | URL): Pick<URL, "origin" | "pathname" | "search"> {
  const url = parsed(address);
  const [, scheme, host, pathname = "", search = ""] =
    /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]+)([^?#]*)(\?[^#]*)?/.exec(url?.href ?? "") ?? [];
  if (scheme === undefined || host === undefined) {
    const got = printable(String(address));
    const why =
      url === undefined ? ", which is not absolute, and there is no page to resolve it against" : "";
    throw new SessionError(
      "not_an_address",
      `expected an address such as https://ticks.example/v1/sessions/sess_..., got ${got}${why}`,
    );
  }
  return { origin: scheme + host, pathname, search };
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
