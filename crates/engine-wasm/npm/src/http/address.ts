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
  checkText("session", address, "/v1/sessions/sess_...");
  const url = absolute(address);
  const path = url.pathname.replace(/\/$/, "");
  if (!SESSION.test(path)) {
    throw new SessionError(
      "not_an_address",
      `the address of a session must end in /v1/sessions/{id}, got ${printable(String(address))}`,
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

/** Returns an address of a server, which may be behind a path: `https://ticks.example/path`. */
export function serverAddress(address: string | URL, path: string): string {
  checkText("server", address, "");
  const url = absolute(address);
  return new URL(url.pathname.replace(/\/$/, "") + path, url.origin).href;
}

/** Throws for anything but a text, for example the record of a session, which does not know its address. */
function checkText(name: string, address: unknown, path: string): void {
  if (typeof address !== "string" && !(address instanceof URL)) {
    throw new SessionError(
      "not_an_address",
      `${name} must be an address such as https://ticks.example${path}, got ${printable(address)}`,
    );
  }
}

function absolute(address: string | URL): URL {
  const url = parsed(address);
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SessionError(
      "not_an_address",
      `expected an address such as https://ticks.example/v1/sessions/sess_..., got ${printable(String(address))}`,
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
