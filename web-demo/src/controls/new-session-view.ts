/** The form for a session of one's own. */

import { html, type TemplateResult } from "lit-html";
import type { NewSession } from "tickseed";

import type { App } from "../app.js";

export function newSessionView(app: App): TemplateResult {
  const submit = (event: Event): void => {
    event.preventDefault();
    void app.renew(wishOf(new FormData(event.target as HTMLFormElement)));
  };
  return html`
    <section aria-labelledby="new-title" class="panel">
      <h2 id="new-title">A session of your own</h2>
      <form id="new-session" @submit=${submit}>
        <label>Tick, in ms <input name="tick" type="number" min="20" max="86400000" required value="100"></label>
        <label>Shortest round, in ticks <input name="min" type="number" min="1" max="1000000" required value="30"></label>
        <label>Longest round, in ticks <input name="max" type="number" min="1" max="1000000" required value="80"></label>
        <label>Seed <input name="seed" type="text" maxlength="100" placeholder="random" autocomplete="off" spellcheck="false"></label>
        <label>Changes are announced
          <select name="notice">
            <option value="0">without notice</option>
            <option value="2000">2 s ahead</option>
            <option value="5000">5 s ahead</option>
            <option value="15000">15 s ahead</option>
          </select></label>
        <button type="submit" id="renew">New session</button>
      </form>
    </section>`;
}

/** Returns the session that a form asks for. */
export function wishOf(form: FormData): NewSession {
  const number = (name: string): number => Number(form.get(name));
  const seed = String(form.get("seed") ?? "").trim();
  const [min, max] = [number("min"), number("max")];
  return {
    tickMs: number("tick"),
    rules: { breakInterval: { min: Math.min(min, max), max: Math.max(min, max) } },
    noticeMs: number("notice"),
    ...(seed === "" ? {} : { seed }),
  };
}
