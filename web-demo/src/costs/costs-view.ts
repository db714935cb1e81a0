/** The comparison with streaming. */
import { html, type TemplateResult } from "lit-html";

import type { App } from "../app.js";
import { bytes, count } from "../words.js";
import { type Costs, costsOf, messageOf, type Side } from "./costs.js";

export function costsView(app: App): TemplateResult {
  const costs = currentCosts(app);
  const arithmetic = costs?.arithmetic.join("\n") ?? "";
  return html`
    <section aria-labelledby="costs-title" class="panel costs">
      <h2 id="costs-title">What streaming would have cost</h2>
      <table title=${arithmetic}>
        <thead><tr><td></td><th scope="col">Really sent, as counted</th><th scope="col">Streaming every step</th></tr></thead>
        <tbody>
          ${row("All players, so far", costs, (side, unit) => `${count(Math.round(side.messages))} ${unit}, ${bytes(side.bytes)}`)}
          ${row("A million players", costs, (side, unit) => `${millions(side.millionMessages)} ${unit} a second, ${bytes(side.millionBytes)}/s`)}
        </tbody>
      </table>
      <details><summary>The arithmetic</summary>
        <ul class="arithmetic">${costs?.arithmetic.map((line) => html`<li>${line}</li>`)}</ul>
      </details>
    </section>`;
}

function row(
  name: string,
  costs: Costs | undefined,
  words: (side: Side, unit: string) => string,
): TemplateResult {
  return html`<tr><th scope="row">${name}</th>
    <td>${costs === undefined ? "–" : words(costs.counted, "requests")}</td>
    <td>${costs === undefined ? "–" : words(costs.streamed, "messages")}</td></tr>`;
}

function currentCosts({ seats, session, meter, example }: App): Costs | undefined {
  const shown = example?.shown;
  if (session === undefined || shown === undefined) {
    return undefined;
  }
  const { traffic, streamed } = meter.totals(seats);
  return costsOf({
    requests: traffic.timeRequests + traffic.otherRequests,
    bytes: traffic.bytes,
    streamed,
    tickMs: session.tickMsAt(shown.now),
    message: messageOf(shown),
  });
}

/** Formats a large number shortly: `133,000`, `10 million`. */
function millions(number: number): string {
  return number >= 1_000_000
    ? `${count(Math.round(number / 1_000_000))} million`
    : count(Math.round(number / 1_000) * 1_000);
}
