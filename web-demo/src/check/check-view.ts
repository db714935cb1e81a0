/** Commands that check everything without trusting this page. */
import { html, type TemplateResult } from "lit-html";

import type { App } from "../app.js";
import { clockTime } from "../words.js";
import { curlCommand, tickseedCommand } from "./commands.js";

/** The state that the commands are about: they would be unreadable if they changed with every step. */
let held: { readonly session: string; readonly instant: number } | undefined;

export function checkView(app: App, changed: () => void): TemplateResult {
  const { session, example } = app;
  const hold = (): void => {
    held =
      session === undefined
        ? undefined
        : { session: session.version, instant: Math.floor(app.navigation.centerAt(app.now)) };
    changed();
  };
  if (session === undefined || example?.shown === undefined) {
    return html`<section class="panel check"><h2>Check it yourself</h2></section>`;
  }
  if (held?.session !== session.version) {
    held = { session: session.version, instant: Math.floor(app.now) };
  }
  const { instant } = held;
  const { step, value, round, broken } = session.timeline.stateAt(instant);
  return html`
    <section aria-labelledby="check-title" class="panel check" data-instant=${instant} data-step=${step} data-value=${value}>
      <h2 id="check-title">Check it yourself</h2>
      <p>At ${clockTime(instant)} the counter is at <b>${value}</b>: step ${step}, round ${round}${broken ? ", a break" : ""}.
        <button type="button" id="hold" @click=${hold}>Take this moment</button></p>
      <h3 id="with-program">Without any server</h3>
      <pre tabindex="0" aria-labelledby="with-program" id="tickseed-command">${tickseedCommand(session.record, instant)}</pre>
      <h3 id="with-curl">From the server</h3>
      <pre tabindex="0" aria-labelledby="with-curl" id="curl-command">${curlCommand(session.address, instant)}</pre>
      <details id="handout">
        <summary>The session as handed out: all a player ever needs, apart from the time</summary>
        <pre tabindex="0" aria-label="The session as JSON">${JSON.stringify(session.record, null, 2)}</pre>
      </details>
    </section>`;
}
