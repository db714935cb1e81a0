/** A small subset of SVG: enough for plots that are legible on light and dark pages. */

/** The colour of a line or a mark. Colour-blind people can tell them apart. */
export type Hue = "one" | "two" | "three" | "four";

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .faint { fill: #59636e }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .one { --hue: #0969da } .two { --hue: #bc4c00 } .three { --hue: #6e7781 } .four { --hue: #8250df }
  .line { stroke: var(--hue); fill: none; stroke-width: 2; stroke-linejoin: round }
  .mark { fill: var(--hue); stroke: none }
  .area { fill: var(--hue); stroke: none; opacity: 0.18 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .faint { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .one { --hue: #58a6ff } .two { --hue: #f0883e } .three { --hue: #b1bac4 } .four { --hue: #d2a8ff }
  }`;

/** A drawing. Its origin is the top left corner. */
export class Svg {
  readonly #parts: string[] = [];
  readonly #width: number;
  readonly #height: number;
  readonly #title: string;

  constructor(width: number, height: number, title: string) {
    this.#width = width;
    this.#height = height;
    this.#title = title;
  }

  text(x: number, y: number, text: string, special: { anchor?: string; style?: string } = {}): void {
    const { anchor = "start", style = "" } = special;
    const where = `x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"`;
    this.#parts.push(`<text ${where} class="${style}">${escaped(text)}</text>`);
  }

  grid(x1: number, y1: number, x2: number, y2: number): void {
    const where = `x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"`;
    this.#parts.push(`<line class="grid" ${where}/>`);
  }

  line(hue: Hue, points: readonly (readonly [number, number])[]): void {
    this.#parts.push(`<polyline class="line ${hue}" points="${joined(points)}"/>`);
  }

  area(hue: Hue, points: readonly (readonly [number, number])[]): void {
    this.#parts.push(`<polygon class="area ${hue}" points="${joined(points)}"/>`);
  }

  mark(hue: Hue, x: number, y: number, radius = 4): void {
    this.#parts.push(`<circle class="mark ${hue}" cx="${round(x)}" cy="${round(y)}" r="${radius}"/>`);
  }

  bar(hue: Hue, x: number, y: number, width: number, height: number): void {
    const where = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`;
    this.#parts.push(`<rect class="mark ${hue}" ${where}/>`);
  }

  toString(): string {
    const size = `viewBox="0 0 ${this.#width} ${this.#height}" width="${this.#width}" height="${this.#height}"`;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`,
      `<title>${escaped(this.#title)}</title>`,
      `<style>${STYLE}</style>`,
      ...this.#parts,
      "</svg>\n",
    ].join("\n");
  }
}

/** A logarithmic axis. Values outside it are drawn at its ends. */
export class LogAxis {
  readonly #from: number;
  readonly #to: number;
  readonly #start: number;
  readonly #end: number;
  readonly #label: (value: number) => string;

  /**
   * Maps powers of ten `from` and `to` to the positions `start` and `end`.
   *
   * @param label Formats a value; milliseconds unless told otherwise.
   */
  constructor(from: number, to: number, start: number, end: number, label = written) {
    this.#from = Math.log10(from);
    this.#to = Math.log10(to);
    this.#start = start;
    this.#end = end;
    this.#label = label;
  }

  at(value: number): number {
    const exponent = Math.max(this.#from, Math.min(this.#to, Math.log10(value)));
    return this.#start + ((exponent - this.#from) / (this.#to - this.#from)) * (this.#end - this.#start);
  }

  /** Each power of ten with its label. */
  get ticks(): (readonly [number, string])[] {
    const count = Math.round(this.#to - this.#from) + 1;
    return Array.from({ length: count }, (_, index) => {
      const value = 10 ** (Math.round(this.#from) + index);
      return [value, this.#label(value)] as const;
    });
  }
}

/** Formats a time in milliseconds. */
function written(ms: number): string {
  if (ms >= 1_000) {
    return `${(ms / 1_000).toLocaleString("en-GB")} s`;
  }
  return ms >= 1 ? `${ms} ms` : `${ms * 1_000} µs`;
}

function joined(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
}

function round(place: number): number {
  return Math.round(place * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
