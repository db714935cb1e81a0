/** Starts the page: loads the engine, creates or joins a session, and draws it every frame. */
import { EngineError, loadEngine } from "tickseed";

import { deviceTime, type Exchange, type Reading } from "./clock.js";
import { Demo, type Machine } from "./demo.js";
import { Page } from "./page.js";
import { type HandedOut, Refused, Server, Unreachable, type Wish } from "./server.js";
import { paused } from "./watch.js";
import { clockTime } from "./words.js";

/** The query parameter that holds the session's id. */
const PARAMETER = "session";
/** The pause between two attempts to reach the server. */
const RETRY_MS = 1_000;

const machine: Machine = {
  originMs: performance.timeOrigin,
  reading: (): Reading => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  deviceUs: (monotonicMs) => deviceTime(performance.timeOrigin, monotonicMs, 0),
};

const page = new Page();
const server = new Server();
let demo: Demo | undefined;
let opening = new AbortController();

/** Replaces the current session by the one that `handOut` requests, and retries until the server answers. */
async function open(handOut: () => Promise<HandedOut>): Promise<void> {
  opening.abort();
  opening = new AbortController();
  const { signal } = opening;
  demo?.end();
  demo = undefined;
  page.allowRenewing(false);
  try {
    const handedOut = await untilReached(handOut, signal);
    const exchange = await untilReached(() => server.time(machine.deviceUs), signal);
    if (!signal.aborted) {
      show(handedOut, exchange);
    }
  } catch (error) {
    if (!signal.aborted) {
      page.say({ kind: "broken", words: reasonOf(error) });
    }
  } finally {
    page.allowRenewing(true);
  }
}

async function untilReached<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const since = clockTime(Date.now());
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable) || signal.aborted) {
        throw error;
      }
      page.say({ kind: "silent", words: `The server has been unreachable since ${since}. Trying again…` });
      await paused(RETRY_MS, signal);
    }
  }
}

function show(handedOut: HandedOut, exchange: Exchange): void {
  const address = new URL(location.href);
  address.searchParams.set(PARAMETER, handedOut.session.id);
  history.replaceState(null, "", address);
  demo = new Demo(server, page, machine, handedOut, exchange);
  demo.run().catch(giveUp);
}

/** Ends the current session, which cannot be shown any more. */
function giveUp(error: unknown): void {
  demo?.end();
  demo = undefined;
  page.say({ kind: "broken", words: reasonOf(error) });
}

function reasonOf(error: unknown): string {
  if (error instanceof Refused && (error.code === "session_not_found" || error.code === "invalid_fields")) {
    return "The server has no session with this id. It may have expired; you can create a new one below.";
  }
  if (error instanceof EngineError && error.code === "load_failed") {
    const cause = error.cause instanceof Error ? error.cause.message : String(error.cause);
    return `The counters cannot be computed: the engine (WebAssembly) did not load (${cause}). Reloading the page may help.`;
  }
  if (error instanceof Refused && error.code === "credentials_required") {
    return "On this server, only programs with an API key create sessions. Open the link to one to watch it.";
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `This session cannot be shown: ${reason}`;
}

function create(wish: Wish): Promise<void> {
  return open(() => server.create(wish));
}

/** Draws the current session now and at every later frame. */
function frames(): void {
  try {
    demo?.frame();
  } catch (error) {
    giveUp(error);
  }
  requestAnimationFrame(frames);
}

async function start(): Promise<void> {
  page.whenRenewed((wish) => void create(wish));
  page.whenStopped(() => void demo?.stop().catch(giveUp));
  page.whenPaced((wish) => void demo?.change(wish).catch(giveUp));
  page.say({ kind: "loading", words: "Loading the engine…" });
  try {
    await loadEngine();
  } catch (error) {
    page.say({ kind: "broken", words: reasonOf(error) });
    return;
  }
  frames();
  const id = new URLSearchParams(location.search).get(PARAMETER);
  await (id === null ? create(page.wish()) : open(() => server.session(id)));
}

await start();
