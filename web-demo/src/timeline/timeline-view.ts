/** The timeline with its jumps, and the state at the instant that a visitor looks at. */
import { html, nothing, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";

import type { App } from "../app.js";
import type { KnownSession } from "../session/known-session.js";
import { serverStateAt } from "../verdict/asking.js";
import { computing, count, moment } from "../words.js";
import { costOf } from "./cost.js";
import { JUMPS } from "./jumps.js";
import type { Visit } from "./navigation.js";
import { holdCanvas } from "./stage.js";

/** How much a button zooms. */
const ZOOMS = 2;

export function timelineView(app: App): TemplateResult {
  const { session, navigation } = app;
  return html`
    <section aria-labelledby="timeline-title" class="timeline">
      <div class="section-head">
        <h2 id="timeline-title">Any moment, past or future</h2>
        <p>Drag it. Every round is already known, however far away.</p>
      </div>
      <canvas id="timeline" tabindex="0" role="img" aria-label=${label(app)} aria-describedby="timeline-keys"
        ${ref((element) => holdCanvas(app, element))}></canvas>
      <p id="timeline-keys" class="legend">
        <span class="past">was</span><span class="now">now</span><span class="coming">will be</span>
        ${session?.settledUntil === undefined ? nothing : html`<span class="settled">settled: nobody can change it</span>`}
        <span class="broke">break</span>
        <span class="keys">Keys: ← → move, + − zoom, Home goes to now. The wheel zooms once you have clicked.</span>
      </p>
      <div class="jumps" role="group" aria-label="Jump to">
        <button type="button" data-jump="now" aria-pressed=${String(navigation.isFollowing)}
          @click=${() => navigation.follow()}>Now</button>
        ${JUMPS.map(
          ({ id, label: words, instant }) => html`
            <button type="button" data-jump=${id} ?disabled=${session === undefined}
              @click=${() => visit(app, instant(app.now))}>${words}</button>`,
        )}
        <button type="button" id="closer" @click=${() => zoom(app, 1 / ZOOMS)}>Closer</button>
        <button type="button" id="wider" @click=${() => zoom(app, ZOOMS)}>Wider</button>
        <label class="any">Any moment
          <input type="datetime-local" id="any" step="1" ?disabled=${session === undefined}
            @change=${({ target }: Event) => visitInput(app, target as HTMLInputElement)}></label>
      </div>
      ${session === undefined ? html`<div class="readout"></div>` : readout(app, session)}
    </section>`;
}

function zoom({ navigation, now }: App, factor: number): void {
  navigation.zoom(factor, navigation.centerAt(now), now);
}

function label({ session, navigation }: App): string {
  return session === undefined
    ? "The timeline of the session"
    : `The counter over time, from left to right, ${Math.round(navigation.spanMs / 1_000)} seconds wide`;
}

function visit({ session, navigation }: App, instant: number): void {
  if (session !== undefined) {
    const at = Math.floor(instant);
    navigation.visitInstant(at, costOf(session.timeline, at));
  }
}

function visitInput(app: App, { valueAsNumber, value }: HTMLInputElement): void {
  // The input is in the visitor's own time zone, and its number is not.
  if (!Number.isNaN(valueAsNumber)) {
    visit(app, new Date(value).getTime());
  }
}

/** Says the state at the instant in the middle. */
function readout(app: App, session: KnownSession): TemplateResult {
  const { navigation, now } = app;
  const at = Math.floor(navigation.centerAt(now));
  const { step, value, round } = session.timeline.stateAt(at);
  const { visit: visited } = navigation;
  return html`
    <div class="readout" data-instant=${at} data-step=${step} data-value=${value}>
      <p>
        <b>${moment(at, now)}</b> the counter ${verb(at, now)} <b class="readout-value">${value}</b>
        <span class="quiet">step ${count(step)}, round ${count(round)}</span>
      </p>
      <p class="readout-cost">${costWords(visited)}</p>
      <p class="readout-check" data-same=${visited?.answer?.isSame ?? nothing}>
        <button type="button" id="ask-instant" @click=${() => void askFor(app, session, visited ?? { instant: at, costUs: 0, answer: undefined })}>
          Ask the server for this moment</button>
        <span role="status">${visited?.answer?.words ?? ""}</span>
      </p>
    </div>`;
}

function costWords(visited: Visit | undefined): string {
  return visited === undefined
    ? "Jump as far as you like: nothing has to be fetched, and nothing has to be counted up."
    : `Computed here in ${computing(visited.costUs)}, from the seed and that instant.`;
}

function verb(at: number, now: number): string {
  if (Math.abs(at - now) < 1_000) {
    return "is at";
  }
  return at < now ? "was at" : "will be at";
}

async function askFor({ navigation }: App, session: KnownSession, { instant, costUs }: Visit): Promise<void> {
  navigation.visitInstant(instant, costUs === 0 ? costOf(session.timeline, instant) : costUs);
  navigation.answered(instant, { isSame: undefined, words: "Asking…" });
  const ours = session.timeline.stateAt(instant);
  const begin = performance.now();
  try {
    const theirs = await serverStateAt(session.address, instant);
    const isSame = (["step", "value", "round", "broken"] as const).every(
      (name) => ours[name] === theirs[name],
    );
    const ms = Math.round(performance.now() - begin);
    const words = isSame
      ? `The server says the same: ${theirs.value}. Asking it took ${ms} ms.`
      : `The server says ${theirs.value} at step ${theirs.step}. That is not the same.`;
    navigation.answered(instant, { isSame, words });
  } catch (error) {
    navigation.answered(instant, {
      isSame: undefined,
      words: `The server does not answer: ${String(error)}`,
    });
  }
}
