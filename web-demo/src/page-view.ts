/** The page as a whole. */
import { html, type TemplateResult } from "lit-html";
import { guard } from "lit-html/directives/guard.js";

import type { App } from "./app.js";
import { boardView } from "./board/board-view.js";
import { checkView } from "./check/check-view.js";
import { hostView } from "./controls/host-view.js";
import { newSessionView } from "./controls/new-session-view.js";
import { costsView } from "./costs/costs-view.js";
import { shareView } from "./share/share-view.js";
import { timelineView } from "./timeline/timeline-view.js";
import { verdictView } from "./verdict/verdict-view.js";
import { count, counted, duration, spelled } from "./words.js";

export function pageView(app: App, changed: () => void): TemplateResult {
  return html`
    <header>
      <h1>${spelled(app.playerCount, "player")}. Nothing is sent.</h1>
      <p class="proof">${proof(app)}</p>
    </header>
    ${verdictView(app)}
    ${boardView(app)}
    ${timelineView(app)}
    <div class="panels">${guard([app.revision], () => panels(app, changed))}</div>`;
}

/** What need not follow the players from step to step. */
function panels(app: App, changed: () => void): TemplateResult {
  return html`
    ${hostView(app)}
    ${costsView(app)}
    ${shareView(app, changed)}
    ${newSessionView(app)}
    ${checkView(app, changed)}`;
}

/** Says how much was really sent. All figures are counted. */
function proof({ meter, seats, example }: App): TemplateResult {
  const shown = example?.shown;
  if (shown === undefined) {
    return html`The players compute the counter from one small session and the time.`;
  }
  const { timeRequests, otherRequests, spanMs } = meter.lastMinute(seats);
  const span =
    spanMs >= 60_000
      ? "In the last minute"
      : `In the first ${duration(Math.floor(spanMs / 1_000) * 1_000).replace(".0", "")}`;
  return html`${span}: <b data-counted="time">${counted(timeRequests, "request")}</b> for the time,
    <b data-counted="other">${count(otherRequests)}</b> for the session,
    <b>none</b> for the counter.`;
}
