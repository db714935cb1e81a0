/** Starts the page: opens a session, and draws everything once a frame if something has changed. */
import { render } from "lit-html";

import { wantedBy } from "./address.js";
import { App } from "./app.js";
import { pageView } from "./page-view.js";
import { drawTimeline } from "./timeline/stage.js";

/** How often the page runs due work, in milliseconds. */
const TICKS_EVERY_MS = 250;
/** How often the timeline is drawn while it follows the present, in milliseconds: less often for visitors who prefer less motion. */
const DRAWS_EVERY_MS = matchMedia("(prefers-reduced-motion: reduce)").matches ? 250 : 33;

const root = document.querySelector<HTMLElement>("#page");
let isDirty = true;
let drawnMs = 0;

function changed(): void {
  isDirty = true;
}

const wanted = wantedBy(location.href);
const app = new App(wanted, changed);

/** The documentation comes from the server of the sessions, which may differ from the server of the page. */
for (const link of document.querySelectorAll<HTMLAnchorElement>('footer a[href^="/"]')) {
  link.href = wanted.server + new URL(link.href).pathname;
}

function frame(nowMs: number): void {
  const isPlaying = app.session !== undefined;
  if (isDirty && root !== null) {
    isDirty = false;
    render(
      pageView(app, () => app.change()),
      root,
    );
  }
  if (isPlaying && nowMs - drawnMs >= DRAWS_EVERY_MS) {
    drawnMs = nowMs;
    drawTimeline(app);
  }
  requestAnimationFrame(frame);
}

root?.replaceChildren();
requestAnimationFrame(frame);
setInterval(() => app.tick(), TICKS_EVERY_MS);
await app.start();
