/** The board of players. */
import { html, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { PLAYERS_AT_MOST } from "../address.js";
import type { App } from "../app.js";
import { cardView } from "./card-view.js";

export function boardView(app: App): TemplateResult {
  const wrong = new Set(app.bench?.culprits.map(({ player }) => player));
  const { playerCount } = app;
  return html`
    <section aria-labelledby="board-title" class="board-section">
      <div class="section-head">
        <h2 id="board-title">The players</h2>
        <p>Each is a client of its own, with its own clock and network. Try to make one of them wrong.</p>
        <div class="stepper" role="group" aria-label="Number of players">
          <button type="button" id="fewer" aria-label="One player fewer" ?disabled=${playerCount === 1}
            @click=${() => app.setPlayerCount(playerCount - 1)}>−</button>
          <span aria-live="polite">${playerCount}</span>
          <button type="button" id="more" aria-label="One player more" ?disabled=${playerCount === PLAYERS_AT_MOST}
            @click=${() => app.setPlayerCount(playerCount + 1)}>+</button>
        </div>
      </div>
      <ul class="board">
        ${
          app.seats.length === 0
            ? placeholders(playerCount)
            : repeat(
                app.seats,
                ({ id }) => id,
                (seat) => cardView(app, seat, wrong.has(seat.id)),
              )
        }
      </ul>
    </section>`;
}

/** Keeps the room of the cards until the players are there, so that nothing moves. */
function placeholders(players: number): readonly TemplateResult[] {
  return Array.from({ length: players }, () => html`<li class="card card-empty" aria-hidden="true"></li>`);
}
