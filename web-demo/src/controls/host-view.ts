/** The buttons of the host. */
import { html, nothing, type TemplateResult } from "lit-html";

import type { App } from "../app.js";
import type { KnownSession } from "../session/known-session.js";
import { clockTime } from "../words.js";
import type { Command, Host, Lead } from "./host.js";

const RATES = [50, 100, 250];
const LEADS: readonly (readonly [lead: Lead, words: string])[] = [
  [0, "now"],
  [3_000, "in 3 s"],
  [10_000, "in 10 s"],
];

export function hostView({ host, session, now }: App): TemplateResult {
  return html`
    <section aria-labelledby="host-title" class="panel host">
      <h2 id="host-title">Change it for everybody</h2>
      <p>Players hear the time and changes, and nothing else. With a few seconds' warning, all of them make a change on the same step.</p>
      ${host === undefined || session === undefined ? nothing : buttons(host, session)}
      <p class="host-words" role="status">${host === undefined || session === undefined ? "" : words(host, session, now)}</p>
    </section>`;
}

function buttons(host: Host, session: KnownSession): TemplateResult {
  const { statusThen } = host;
  const isOver = session.stopsAt !== undefined;
  const give = (command: Command) => (): void => void host.give(command);
  const pauseOrResume = statusThen === "paused" ? "resume" : "pause";
  return html`
    <div class="host-buttons">
      <fieldset class="choice">
        <legend>When</legend>
        ${LEADS.map(
          ([
            lead,
            label,
          ]) => html`<label><input type="radio" name="lead" value=${lead} .checked=${host.lead === lead}
            @change=${() => {
              host.lead = lead;
            }}><span>${label}</span></label>`,
        )}
      </fieldset>
      <button type="button" id="stop" class="stop" ?disabled=${host.isBusy || isOver} @click=${give("stop")}
        @pointerenter=${preview(host, "stop")} @focus=${preview(host, "stop")} @pointerleave=${preview(host)} @blur=${preview(host)}>Stop for good</button>
      <button type="button" id="pause" ?disabled=${host.isBusy || isOver} @click=${give(pauseOrResume)}
        @pointerenter=${preview(host, "pause")} @focus=${preview(host, "pause")} @pointerleave=${preview(host)} @blur=${preview(host)}>${pauseOrResume === "pause" ? "Pause" : "Resume"}</button>
      ${RATES.map(
        (tickMs) => html`<button type="button" data-rate=${tickMs} ?disabled=${host.isBusy || isOver}
          aria-pressed=${String(session.tickMsAt(host.effectAt) === tickMs)} @click=${give(tickMs)}>Ticks of ${tickMs} ms</button>`,
      )}
    </div>`;
}

function preview(host: Host, what?: "stop" | "pause"): () => void {
  return () => {
    host.preview = what;
  };
}

function words(host: Host, session: KnownSession, now: number): string {
  const coming = session.changes.find(({ at }) => at > now);
  if (host.words !== "") {
    return host.words;
  }
  if (coming !== undefined) {
    const what = { pause: "Pauses", stop: "Stops", rate: `Ticks of ${coming.tickMs} ms begin` }[coming.kind];
    return `${what} for everybody at ${clockTime(coming.at)}.`;
  }
  if (session.stopsAt !== undefined) {
    return `Stopped for everybody at ${clockTime(session.stopsAt)}. Create a new session to continue.`;
  }
  const { notice_ms } = session.record;
  return notice_ms > 0
    ? `This session announces every change at least ${notice_ms / 1_000 + 1} s in advance.`
    : "";
}
