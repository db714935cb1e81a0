/** The rows of the score: one for each player, and one for the server. */
import type { State } from "tickseed";

import { Plot, type Scene } from "./plot.js";
import { count } from "./words.js";

/** What a row shows. */
export interface RowContent {
  readonly state: State;
  /** The instant that the state is of, in milliseconds. */
  readonly instant: number;
  readonly situation: string;
  /** What stands in place of the counter, such as the time until the start. */
  readonly instead?: string | undefined;
  /** What stands under the number, unless it is a break. */
  readonly unit: string;
  /** After how many ticks the counter broke, as long as that is news. */
  readonly brokeAfter: number | undefined;
  /** Whether the row may change its colours at a break. */
  readonly mayFlash: boolean;
}

/** One row. */
export class Row {
  readonly element: HTMLElement;
  readonly #parts: Record<Part, HTMLElement>;
  readonly #plot: Plot;

  /**
   * @param id What tests and style sheets know the row by.
   * @param name Whose row it is.
   */
  constructor(score: HTMLElement, id: string, name: string) {
    const template = document.querySelector<HTMLTemplateElement>("#row");
    const element = template?.content.firstElementChild?.cloneNode(true);
    if (!(element instanceof HTMLElement)) {
      throw new Error("the page has no template for a row");
    }
    this.element = element;
    element.dataset.player = id;
    const part = (name: string): HTMLElement => within(element, `.${name}`);
    this.#parts = {
      situation: part("situation"),
      number: part("number"),
      unit: part("unit"),
      step: part("step"),
      round: part("round"),
    };
    part("name").textContent = name;
    score.append(element);
    this.#plot = new Plot(within(element, "canvas") as HTMLCanvasElement);
  }

  /** Shows the content, and tells it to machines. */
  show({ state, instant, situation, instead, unit, brokeAfter, mayFlash }: RowContent): void {
    const { step, value, round, broken } = state;
    const data = this.element.dataset;
    data.step = String(step);
    data.value = String(value);
    data.round = String(round);
    data.broken = String(broken);
    data.instant = String(instant);
    const isNews = brokeAfter !== undefined;
    setData(this.element, "news", String(isNews));
    setData(this.element, "flash", String(isNews && mayFlash));
    write(this.#parts.situation, situation);
    const number = instead ?? count(value);
    write(this.#parts.number, number);
    setData(this.#parts.number, "long", String(number.length > LONG));
    write(this.#parts.unit, isNews ? `break after ${count(brokeAfter)}` : unit);
    write(this.#parts.step, `step ${count(step)}`);
    write(this.#parts.round, `round ${count(round)}`);
  }

  /** Shows that there is nothing to show yet. */
  wait(situation: string): void {
    write(this.#parts.situation, situation);
    write(this.#parts.number, "–");
  }

  /** Draws the strip. */
  draw(scene: Scene): void {
    this.#plot.draw(scene);
  }

  /** Takes the row off the page. */
  remove(): void {
    this.#plot.end();
    this.element.remove();
  }
}

/** Numbers with more characters than this are written smaller. */
const LONG = 5;

type Part = "situation" | "number" | "unit" | "step" | "round";

/** Writes a text, unless it stands there already: the page is written to at every frame. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Sets a data attribute, unless it has the value already. */
export function setData(element: HTMLElement, name: string, value: string): void {
  if (element.dataset[name] !== value) {
    element.dataset[name] = value;
  }
}

/** The one element that a selector names. */
export function within(parent: ParentNode, selector: string): HTMLElement {
  const found = parent.querySelector<HTMLElement>(selector);
  if (found === null) {
    throw new Error(`the page has no ${selector}`);
  }
  return found;
}
