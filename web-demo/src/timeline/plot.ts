/** Draws the timeline on a canvas: past, present and future. */
import type { Span, Tooth } from "./curve.js";

/** A line that stands for a change: its effect and its instant. */
export interface Mark {
  readonly at: number;
  readonly words: string;
  /** Whether it is only a preview of a button's effect. */
  readonly isPreview: boolean;
}

/** The contents of the plot. */
export interface Scene {
  readonly span: Span;
  readonly now: number;
  /** The instant that a visitor looks at; `undefined` while the view follows the present. */
  readonly visited: number | undefined;
  readonly teeth: readonly Tooth[];
  /** Where the counter stops for good. */
  readonly end: number;
  /** The instant up to which nobody can change anything any more; `undefined` without a promise. */
  readonly settled: number | undefined;
  readonly marks: readonly Mark[];
  readonly top: number;
}

/** The colours from the style sheet. */
interface Ink {
  readonly line: string;
  readonly fill: string;
  readonly coming: string;
  readonly settled: string;
  readonly broken: string;
  readonly now: string;
  readonly ink: string;
  readonly soft: string;
  readonly rule: string;
}

const HEADROOM = 30;
const FOOTROOM = 22;
const FONT = "13px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
/** The least distance between two numbers, in pixels. */
const LABEL_ROOM = 46;
const DARK = matchMedia("(prefers-color-scheme: dark)");

export class Plot {
  readonly #canvas: HTMLCanvasElement;
  readonly #pen: CanvasRenderingContext2D;
  /** Read once the canvas is part of the page. */
  #ink: Ink;
  #width = 0;
  #height = 0;

  constructor(canvas: HTMLCanvasElement) {
    const pen = canvas.getContext("2d");
    if (pen === null) {
      throw new Error("this browser cannot draw on a canvas");
    }
    this.#canvas = canvas;
    this.#pen = pen;
    this.#ink = inkOf(canvas);
    new ResizeObserver(() => this.#fit()).observe(canvas);
    DARK.addEventListener("change", () => {
      this.#ink = inkOf(canvas);
    });
    this.#fit();
  }

  get width(): number {
    return this.#width;
  }

  draw(scene: Scene): void {
    const { span, now, end, settled } = scene;
    this.#pen.clearRect(0, 0, this.#width, this.#height);
    this.#pen.font = FONT;
    this.#times(scene);
    const past = Math.min(now, end);
    const promised = Math.min(Math.max(past, settled ?? past), end);
    this.#stretch(scene, { from: span.from, to: past }, this.#ink.line, this.#ink.fill);
    this.#stretch(scene, { from: past, to: promised }, this.#ink.settled, undefined);
    this.#stretch(scene, { from: promised, to: Math.min(end, span.to) }, this.#ink.coming, undefined);
    this.#flat(scene);
    this.#breaks(scene, past);
    this.#marks(scene);
    this.#upright(this.#x(scene, now), this.#ink.now, 3);
    if (scene.visited !== undefined) {
      this.#upright(this.#x(scene, scene.visited), this.#ink.ink, 1.5);
    }
  }

  #fit(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    this.#ink = inkOf(this.#canvas);
    const density = devicePixelRatio;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#canvas.width = Math.round(clientWidth * density);
    this.#canvas.height = Math.round(clientHeight * density);
    this.#pen.setTransform(density, 0, 0, density, 0, 0);
  }

  #x({ span }: Scene, instant: number): number {
    return ((instant - span.from) / (span.to - span.from)) * this.#width;
  }

  #y({ top }: Scene, value: number): number {
    const floor = this.#height - FOOTROOM;
    return floor - (value / top) * (floor - HEADROOM);
  }

  #stretch(scene: Scene, { from, to }: Span, line: string, fill: string | undefined): void {
    const left = Math.max(0, this.#x(scene, from));
    const right = Math.min(this.#width, this.#x(scene, to));
    if (right <= left) {
      return;
    }
    const pen = this.#pen;
    pen.save();
    pen.beginPath();
    pen.rect(left, 0, right - left, this.#height);
    pen.clip();
    for (const tooth of scene.teeth) {
      this.#tooth(scene, tooth, line, fill);
    }
    pen.restore();
  }

  #tooth(scene: Scene, { points }: Tooth, line: string, fill: string | undefined): void {
    const pen = this.#pen;
    const path = new Path2D();
    for (const [instant, value] of points) {
      path.lineTo(this.#x(scene, instant), this.#y(scene, value));
    }
    if (fill !== undefined) {
      const closed = new Path2D(path);
      closed.lineTo(this.#x(scene, points.at(-1)?.[0] ?? 0), this.#y(scene, 0));
      closed.lineTo(this.#x(scene, points[0]?.[0] ?? 0), this.#y(scene, 0));
      pen.fillStyle = fill;
      pen.fill(closed);
    }
    pen.strokeStyle = line;
    pen.lineWidth = 2;
    pen.lineJoin = "round";
    pen.stroke(path);
  }

  /** After a stop, the counter stays the same. */
  #flat(scene: Scene): void {
    if (scene.end >= scene.span.to) {
      return;
    }
    const left = Math.max(0, this.#x(scene, scene.end));
    this.#pen.fillStyle = this.#ink.rule;
    this.#pen.fillRect(left, HEADROOM, this.#width - left, this.#height - HEADROOM - FOOTROOM);
    this.#words("stopped", left + 8, this.#height - FOOTROOM - 8, this.#ink.ink, "left");
  }

  #breaks(scene: Scene, past: number): void {
    let free = Number.NEGATIVE_INFINITY;
    for (const { breaksAt, interval } of scene.teeth) {
      if (breaksAt > scene.span.to || breaksAt > scene.end) {
        continue;
      }
      const x = this.#x(scene, breaksAt);
      const isComing = breaksAt > past;
      this.#pen.setLineDash(isComing ? [3, 4] : []);
      this.#upright(x, this.#ink.broken, isComing ? 1.25 : 2);
      this.#pen.setLineDash([]);
      if (x - LABEL_ROOM > free) {
        this.#words(String(interval), x - 5, this.#y(scene, interval) - 5, this.#ink.broken, "right");
        free = x;
      }
    }
  }

  #marks(scene: Scene): void {
    for (const { at, words, isPreview } of scene.marks) {
      const x = this.#x(scene, at);
      if (x < -2 || x > this.#width + 2) {
        continue;
      }
      this.#pen.setLineDash(isPreview ? [6, 4] : []);
      this.#upright(x, this.#ink.ink, 2);
      this.#pen.setLineDash([]);
      const isRight = x > this.#width * 0.6;
      this.#words(words, x + (isRight ? -6 : 6), 12, this.#ink.ink, isRight ? "right" : "left");
    }
  }

  /** Writes the time below, as often as it fits. */
  #times({ span }: Scene): void {
    const perPixel = (span.to - span.from) / this.#width;
    const every = TIME_STEPS.find((ms) => ms / perPixel >= 84) ?? 300_000;
    const first = Math.ceil(span.from / every) * every;
    for (let at = first; at < span.to; at += every) {
      const x = (at - span.from) / perPixel;
      this.#pen.fillStyle = this.#ink.rule;
      this.#pen.fillRect(x, HEADROOM, 1, this.#height - HEADROOM - FOOTROOM);
      if (x > 28 && x < this.#width - 28) {
        this.#words(timeOfDay(at, every), x, this.#height - 5, this.#ink.soft, "center");
      }
    }
  }

  #upright(x: number, colour: string, width: number): void {
    const pen = this.#pen;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(x, HEADROOM - 12);
    pen.lineTo(x, this.#height - FOOTROOM);
    pen.stroke();
  }

  #words(text: string, x: number, y: number, colour: string, align: CanvasTextAlign): void {
    this.#pen.fillStyle = colour;
    this.#pen.textAlign = align;
    this.#pen.fillText(text, x, y);
  }
}

const TIME_STEPS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000];

function timeOfDay(at: number, every: number): string {
  const time = new Date(at).toLocaleTimeString("en-GB");
  return every < 1_000 ? `${time}.${String(Math.floor((at % 1_000) / 100))}` : time;
}

function inkOf(canvas: HTMLCanvasElement): Ink {
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    line: colour("stem"),
    fill: colour("stem-faint"),
    coming: colour("coming"),
    settled: colour("settled"),
    broken: colour("wine"),
    now: colour("petal"),
    ink: colour("ink"),
    soft: colour("soft"),
    rule: colour("rule"),
  };
}
