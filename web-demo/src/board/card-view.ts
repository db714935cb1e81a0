/** A player's card: its state, and the controls that bend its device and its network. */
import { html, nothing, type TemplateResult } from "lit-html";

import type { App } from "../app.js";
import type { Bend, Shown } from "../player/messages.js";
import { aheadBy, bytes, clockTime, count, counted, plusMinus } from "../words.js";
import type { Seat } from "./seat.js";

const HOUR_MS = 3_600_000;
const FAR_AHEAD_MS = 12 * HOUR_MS;
const SLEEPS_MS = 10_000;

/** @param isWrong Whether the verdict is that this player is wrong. */
export function cardView(app: App, seat: Seat, isWrong: boolean): TemplateResult {
  const { shown, id } = seat;
  return html`
    <li class="card" data-player=${id} data-step=${shown?.step ?? nothing} data-value=${shown?.value ?? nothing}
      data-round=${shown?.round ?? nothing} data-error-ms=${shown === undefined ? nothing : shown.errorMs.toFixed(2)}
      data-now=${shown?.now ?? nothing} data-status=${shown?.status ?? nothing} data-broken=${shown?.broken ?? nothing}
      data-started=${shown?.started ?? nothing}
      data-joined-ms=${seat.joinedInMs === undefined ? nothing : Math.round(seat.joinedInMs)}
      data-requests=${seat.traffic.timeRequests + seat.traffic.otherRequests}
      data-plugged=${String(seat.bend.isPlugged)} data-asleep=${String(seat.isAsleep)} data-deaf=${String(seat.isDeaf)}
      ?data-wrong=${isWrong} ?data-fault=${seat.fault !== undefined}>
      <div class="card-head">
        <h3>${seat.name}</h3>
        <p class="badge" data-kind=${badgeKind(seat, isWrong)}>${badge(seat, isWrong)}</p>
      </div>
      <p class="card-value">${shown?.started === true ? shown.value : "–"}</p>
      <p class="card-place">${placeWords(shown)}</p>
      ${factsView(app, seat)}
      ${buttonsView(seat)}
      ${bendingView(seat)}
      <p class="card-note" ?data-odd=${seat.isDeaf}>${isWrong ? "Does not show what it should." : noteOf(app, seat)}</p>
    </li>`;
}

function badgeKind({ bend, isAsleep, isDeaf, shown }: Seat, isWrong: boolean): string {
  if (isWrong) {
    return "wrong";
  }
  return isAsleep || !bend.isPlugged || isDeaf || shown === undefined ? "away" : "fine";
}

function badge({ bend, isAsleep, shown, failure }: Seat, isWrong: boolean): string {
  if (isWrong) {
    return "wrong";
  }
  if (isAsleep) {
    return "asleep";
  }
  if (!bend.isPlugged) {
    return "unplugged";
  }
  if (shown === undefined) {
    return failure === undefined ? "joining" : "cannot join";
  }
  return shown.broken ? "break" : shown.status;
}

function placeWords(shown: Shown | undefined): string {
  return shown?.started === true ? `step ${count(shown.step)}, round ${count(shown.round)}` : "before step 0";
}

function factsView({ session }: App, seat: Seat): TemplateResult {
  const { shown, traffic, bend } = seat;
  const isClockWrong = Math.abs(bend.aheadMs) >= 500;
  return html`
    <dl class="card-facts">
      <div><dt>Device clock</dt><dd class=${isClockWrong ? "odd" : ""}>${shown === undefined ? "–" : clockTime(shown.deviceMs)}, ${aheadBy(bend.aheadMs)}</dd></div>
      <div><dt>Knows the time</dt><dd>${shown === undefined ? "–" : plusMinus(shown.errorMs)}${syncWords(shown)}</dd></div>
      ${(session?.record.notice_ms ?? 0) > 0 ? settledView(shown) : nothing}
      <div><dt>Sent</dt><dd>${counted(traffic.timeRequests + traffic.otherRequests, "request")}</dd></div>
      <div><dt>Received</dt><dd>${bytes(traffic.bytes)}</dd></div>
    </dl>`;
}

/** Only a session with a notice promises anything. */
function settledView(shown: Shown | undefined): TemplateResult {
  return html`<div><dt>Settled</dt><dd>${shown?.isSettled === true ? "yes: nobody can change it" : "no"}</dd></div>`;
}

function syncWords(shown: Shown | undefined): string {
  if (shown === undefined) {
    return "";
  }
  return `, ${shown.isSynced ? "synced" : "not synced"}`;
}

function buttonsView(seat: Seat): TemplateResult {
  const { bend, isAsleep } = seat;
  const isFar = bend.aheadMs === FAR_AHEAD_MS;
  return html`
    <div class="card-buttons">
      <button type="button" data-action="unplug" ?data-bent=${!bend.isPlugged}
        @click=${() => seat.change({ isPlugged: !bend.isPlugged })}>${bend.isPlugged ? "Unplug" : "Plug in"}</button>
      <button type="button" data-action="clock" ?data-bent=${isFar}
        @click=${() => seat.change({ aheadMs: isFar ? 0 : FAR_AHEAD_MS })}>${isFar ? "Correct clock" : "Clock +12 h"}</button>
      <button type="button" data-action="sleep" ?disabled=${isAsleep} @click=${() => seat.sleep(SLEEPS_MS)}>Sleep 10 s</button>
      <button type="button" data-action="reload" @click=${() => seat.reload()}>Reload</button>
    </div>`;
}

interface Knob {
  readonly name: Exclude<keyof Bend, "isPlugged">;
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  words(value: number): string;
}

const KNOBS: readonly Knob[] = [
  {
    name: "aheadMs",
    label: "Device clock",
    min: -12 * HOUR_MS,
    max: 12 * HOUR_MS,
    step: 60_000,
    words: aheadBy,
  },
  { name: "driftPpm", label: "Drift", min: -400, max: 400, step: 50, words: driftWords },
  { name: "upMs", label: "Delay of requests", min: 0, max: 500, step: 10, words: (ms) => `${ms} ms` },
  { name: "downMs", label: "Delay of answers", min: 0, max: 500, step: 10, words: (ms) => `${ms} ms` },
  { name: "jitterMs", label: "Random delay", min: 0, max: 300, step: 10, words: (ms) => `up to ${ms} ms` },
  { name: "lossPercent", label: "Lost", min: 0, max: 50, step: 5, words: (percent) => `${percent} %` },
];

/** Says how much a drift adds up to: a millionth is 86.4 ms a day. */
function driftWords(ppm: number): string {
  const seconds = Math.abs(ppm * 0.0864).toFixed(0);
  return ppm === 0 ? "none" : `${ppm > 0 ? "gains" : "loses"} ${seconds} s a day`;
}

function bendingView(seat: Seat): TemplateResult {
  return html`
    <details class="bending">
      <summary>Clock and network</summary>
      ${KNOBS.map((knob) => knobView(seat, knob))}
    </details>`;
}

function knobView(seat: Seat, { name, label, min, max, step, words }: Knob): TemplateResult {
  const value = seat.bend[name];
  return html`
    <label class="knob">
      <span>${label}<b>${words(value)}</b></span>
      <input type="range" name=${name} min=${min} max=${max} step=${step} .value=${String(value)}
        aria-valuetext=${words(value)}
        @input=${({ target }: Event) => seat.change({ [name]: Number((target as HTMLInputElement).value) })}>
    </label>`;
}

/** Returns the sentence at the foot of the card. */
function noteOf({ session }: App, seat: Seat): string {
  const { failure, shown, joinedInMs, takenBack, bend, isAsleep } = seat;
  if (failure !== undefined) {
    return failure;
  }
  if (isAsleep) {
    return "Nothing runs on this device.";
  }
  if (shown !== undefined && session?.isNewerThan(shown) === true) {
    return bend.isPlugged
      ? `Has not heard of the latest change yet. ${deafWords(seat)}`
      : "Cannot hear of the latest change: unplugged.";
  }
  if (!bend.isPlugged) {
    return "Sends nothing, and keeps counting.";
  }
  if (takenBack !== undefined) {
    return `Heard of a change late, and took back ${counted(takenBack, "step")}. ${deafWords(seat)}`;
  }
  if (seat.isDeaf) {
    return deafWords(seat);
  }
  return joinedInMs === undefined
    ? ""
    : `Was right ${count(Math.round(joinedInMs))} ms after it began to load.`;
}

/** Says that no changes reach a player, and how it learns of them instead. */
function deafWords({ isDeaf, shown }: Seat): string {
  if (!isDeaf) {
    return "";
  }
  const everyMs = shown?.asksEveryMs;
  return everyMs === undefined
    ? "Hears no changes: asks now and then."
    : `Hears no changes: asks every ${Math.round(everyMs / 1_000)} s.`;
}
