/** Reads the address of the page, and makes links. */
import type { Fault } from "./player/messages.js";

/** The wishes in a visitor's address. */
export interface Wanted {
  /** The server: its origin. */
  readonly server: string;
  /** The problem with the address, if there is one. The page then asks no server. */
  readonly problem: string | undefined;
  /** The session to join; `undefined` to create one. */
  readonly session: string | undefined;
  /** A fault to plant in one player. */
  readonly fault: Fault | undefined;
  readonly players: number;
}

export const PLAYERS_AT_MOST = 8;
const PLAYERS_AT_FIRST = 4;

const BAD_SERVER =
  "This link names no usable server: api must be an http or https address without a path, such as https://ticks.example.";

/** Reads an address such as `https://host/?session=sess_...&api=https://ticks.example&fault=seed&players=2`. */
export function wantedBy(address: string): Wanted {
  const url = new URL(address);
  const { searchParams } = url;
  const api = searchParams.get("api");
  const server = api === null ? url.origin : originOf(api);
  const players = Number(searchParams.get("players") ?? PLAYERS_AT_FIRST);
  return {
    server: server ?? url.origin,
    problem: server === undefined ? BAD_SERVER : undefined,
    session: searchParams.get("session") ?? undefined,
    fault: faultOf(searchParams.get("fault")),
    players:
      Number.isInteger(players) && players >= 1 && players <= PLAYERS_AT_MOST ? players : PLAYERS_AT_FIRST,
  };
}

/**
 * Returns the origin of a server's address, or `undefined` if it is not plainly one. Anybody can write a link, and the page
 * makes links of its own from this address: `javascript:` would run there.
 */
function originOf(api: string): string | undefined {
  if (!URL.canParse(api)) {
    return undefined;
  }
  const { protocol, username, password, pathname, search, hash, origin } = new URL(api);
  const isWeb = protocol === "http:" || protocol === "https:";
  return isWeb && pathname === "/" && username + password + search + hash === "" ? origin : undefined;
}

function faultOf(text: string | null): Fault | undefined {
  return text === "seed" || text === "clock" || text === "rules" ? text : undefined;
}

/** Returns the link to a session on this page, for a second device. It contains nothing but the session and its server. */
export function linkTo(session: string, page: string): string {
  const { origin, pathname, searchParams } = new URL(page);
  const link = new URL(pathname, origin);
  link.searchParams.set("session", session);
  const api = originOf(searchParams.get("api") ?? "");
  if (api !== undefined) {
    link.searchParams.set("api", api);
  }
  return link.href;
}

/** Returns the page's own address with a session in it, so that a reload stays with the session. */
export function withSession(session: string, page: string): string {
  const url = new URL(page);
  url.searchParams.set("session", session);
  return url.href;
}
