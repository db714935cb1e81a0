/** The large counter and the verdict. */
import { html, nothing, type TemplateResult } from "lit-html";

import type { App } from "../app.js";
import { duration } from "../words.js";
import type { Bench } from "./bench.js";
import { askingWords, countWords, verdictWords } from "./words.js";

export function verdictView(app: App): TemplateResult {
  const shown = app.example?.shown;
  return html`
    <section class="stage" aria-label="The counter, and the verdict">
      <div class="counter" data-broken=${String(shown?.broken ?? false)}>
        <p class="counter-value" data-testid="counter">${shown === undefined ? "–" : shown.value}</p>
        <p class="counter-words">${counterWords(app)}</p>
      </div>
      ${app.bench === undefined ? troubleView(app) : verdict(app, app.bench)}
    </section>`;
}

function counterWords({ example }: App): string {
  const shown = example?.shown;
  if (shown === undefined) {
    return "the counter";
  }
  if (!shown.started) {
    return shown.startsInMs === undefined ? "never starts" : `starts in ${duration(shown.startsInMs)}`;
  }
  if (shown.status === "stopped") {
    return "stopped for everybody";
  }
  if (shown.status === "paused") {
    return "paused for everybody";
  }
  if (shown.broken) {
    return "break!";
  }
  return shown.nextBreakInMs === undefined ? "counts up" : `breaks in ${duration(shown.nextBreakInMs)}`;
}

function troubleView({ trouble }: App): TemplateResult {
  return html`
    <div class="verdict" id="verdict" data-verdict="unknown" data-trouble=${trouble?.kind ?? nothing}>
      <p class="verdict-words" role="status">${trouble?.words ?? ""}</p>
      <p class="verdict-details">&nbsp;</p>
    </div>`;
}

function verdict(app: App, bench: Bench): TemplateResult {
  const { kind } = bench;
  const { headline, details } = verdictWords(app, bench);
  const { counts, withinMs } = bench.judgement;
  return html`
    <div class="verdict" id="verdict" data-verdict=${kind} data-within-ms=${withinMs}
      data-comparisons=${counts.amongPlayers} data-server-comparisons=${counts.withServer}
      data-differences=${counts.differences} data-questions=${bench.asking.questions}
      data-own-requests=${bench.asking.requests}>
      <p class="verdict-words" role=${kind === "disagree" ? "alert" : "status"}>${headline}</p>
      <p class="verdict-details">${details}</p>
      <div class="asking">
        <button type="button" id="ask" ?disabled=${bench.isAsking} @click=${() => void bench.ask()}>Ask the server now</button>
        <p class="asking-words">${askingWords(bench)}<br>${countWords(bench)}</p>
      </div>
    </div>`;
}
