import { shown } from "../engine/input.js";
import { SessionError } from "./error.js";

/** The addresses that belong to a session. */
export interface SessionAddress {
  readonly session: string;
  readonly events: string;
  readonly stop: string;
  /** Where the same server tells the time. */
  readonly time: string;
}

const SESSION = /\/sessions\/[^/]+$/;

/**
 * Takes a session's address apart. It ends in `/sessions/{id}`; what stands before may be anything, for servers behind a
 * path of a proxy. Relative ones are taken from the page or worker.
 */
export function sessionAddress(address: string | URL): SessionAddress {
  const url = absolute(address);
  const path = url.pathname.replace(/\/$/, "");
  if (!SESSION.test(path)) {
    throw new SessionError(
      "not_an_address",
      `the address of a session ends in /v1/sessions/{id}, got ${shown(String(address))}`,
    );
  }
  const at = (end: string): string => new URL(end, url.origin).href;
  return {
    session: at(path),
    events: at(`${path}/events`),
    stop: at(`${path}/stop`),
    time: at(path.replace(SESSION, "/time")),
  };
}

/** An address of a server: `https://ticks.example`, or with the path that it stands behind. */
export function serverAddress(address: string | URL, path: string): string {
  const url = absolute(address);
  return new URL(url.pathname.replace(/\/$/, "") + path, url.origin).href;
}

function absolute(address: string | URL): URL {
  const url = parsed(address);
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SessionError(
      "not_an_address",
      `an address such as https://ticks.example/v1/sessions/sess_... is needed, got ${shown(String(address))}`,
    );
  }
  return url;
}

function parsed(address: string | URL): URL | undefined {
  const { document, location } = globalThis as { document?: Document; location?: Location };
  try {
    return new URL(address, document?.baseURI ?? location?.href);
  } catch {
    return undefined;
  }
}
