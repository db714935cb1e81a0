/** The rows of the score: one for each player and one for the server. */
import type { State } from "tickseed";

import { Plot, type Scene } from "./plot.js";
import { count } from "./words.js";

/** The contents of a row. */
export interface RowContent {
  readonly state: State;
  /** The instant of the state, in milliseconds. */
  readonly instant: number;
  readonly situation: string;
  /** A text shown in place of the counter, such as the time until the start. */
  readonly instead?: string | undefined;
  /** The text under the number, except at a break. */
  readonly unit: string;
  /** The ticks before the last break, while that break is highlighted. */
  readonly brokeAfter: number | undefined;
  /** Whether the row may flash at a break. */
  readonly mayFlash: boolean;
}

/** One row. */
export class Row {
  readonly element: HTMLElement;
  readonly #parts: Record<Part, HTMLElement>;
  readonly #plot: Plot;

  /**
   * @param id The name of the row in tests and style sheets.
   * @param name The name to show.
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

  /** Shows the contents, and repeats them in data attributes for tests. */
  show({ state, instant, situation, instead, unit, brokeAfter, mayFlash }: RowContent): void {
    const { step, value, round, broken } = state;
    const data = this.element.dataset;
    data.step = String(step);
    data.value = String(value);
    data.round = String(round);
    data.broken = String(broken);
    data.instant = String(instant);
    const isHighlighted = brokeAfter !== undefined;
    setData(this.element, "highlight", String(isHighlighted));
    setData(this.element, "flash", String(isHighlighted && mayFlash));
    write(this.#parts.situation, situation);
    const number = instead ?? count(value);
    write(this.#parts.number, number);
    setData(this.#parts.number, "long", String(number.length > LONG));
    write(this.#parts.unit, isHighlighted ? `break after ${count(brokeAfter)}` : unit);
    write(this.#parts.step, `step ${count(step)}`);
    write(this.#parts.round, `round ${count(round)}`);
  }

  /** Shows a placeholder until there is something to show. */
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

/** Numbers with more characters than this get a smaller font. */
const LONG = 5;

type Part = "situation" | "number" | "unit" | "step" | "round";

/** Writes a text only if it has changed, because the page calls this every frame. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Sets a data attribute only if it has changed. */
export function setData(element: HTMLElement, name: string, value: string): void {
  if (element.dataset[name] !== value) {
    element.dataset[name] = value;
  }
}

/** Returns the element that matches a selector. */
export function within(parent: ParentNode, selector: string): HTMLElement {
  const found = parent.querySelector<HTMLElement>(selector);
  if (found === null) {
    throw new Error(`the page has no ${selector}`);
  }
  return found;
}
