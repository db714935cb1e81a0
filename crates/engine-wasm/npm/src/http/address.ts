import { printable } from "../engine/input.js";
import { SessionError } from "./error.js";

/** The addresses of a session. */
export interface SessionAddress {
  readonly session: string;
  readonly events: string;
  readonly stop: string;
  /** The address of the same server's time. */
  readonly time: string;
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
  const at = (end: string): string => url.origin + end;
  return {
    session: at(path),
    events: at(`${path}/events`),
    stop: at(`${path}/stop`),
    time: at(path.replace(SESSION, "/time")),
  };
}

/** Returns an address of a server, which may be behind a path: `https://ticks.example/path`. */
export function serverAddress(address: string | URL, path: string): string {
  const url = absolute(address);
  return url.origin + url.pathname.replace(/\/$/, "") + path;
}

/** Reads the parts from the whole address, because in React Native a URL does not have them. */
function absolute(address: string | URL): Pick<URL, "origin" | "pathname"> {
  const href = parsed(address)?.href ?? "";
  const [, scheme, host, pathname = ""] = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]+)([^?#]*)/.exec(href) ?? [];
  if (scheme === undefined || host === undefined) {
    throw new SessionError(
      "not_an_address",
      `expected an address such as https://ticks.example/v1/sessions/sess_..., got ${printable(String(address))}`,
    );
  }
  return { origin: scheme + host, pathname };
}

function parsed(address: string | URL): URL | undefined {
  const { document, location } = globalThis as { document?: Document; location?: Location };
  try {
    return new URL(address, document?.baseURI ?? location?.href);
  } catch {
    return undefined;
  }
}
