/** Draws the counter on a canvas: the last rounds in solid lines, and the coming ones in faint lines. */
import { type Point, type Rounds, type Stretch, slope, stairs, type Tooth, teeth } from "./sawtooth.js";

/** The contents of a plot. Steps may be fractions. */
export interface Scene {
  readonly rounds: Rounds;
  /** The current position. */
  readonly now: number;
  readonly stretch: Stretch;
  /** Where the counter stops for good, if it does. */
  readonly end: number | undefined;
  /** Up to where the coming steps are certain; undefined without a promise. */
  readonly settled: number | undefined;
  /** The highest possible value. */
  readonly top: number;
  /** The server's states, drawn as dots over a subdued curve. */
  readonly dots?: readonly Point[];
}

/** The colours from the style sheet. */
interface Ink {
  readonly line: string;
  readonly fill: string;
  readonly coming: string;
  readonly settled: string;
  readonly broken: string;
  readonly now: string;
  readonly quiet: string;
}

/** Ticks narrower than this, in pixels, are drawn as a slope instead of stairs. */
const NARROWEST_STAIR = 2;
/** Space above the highest value, for its number. */
const HEADROOM = 14;
const FOOTROOM = 5;

const DARK = matchMedia("(prefers-color-scheme: dark)");

/** One canvas. */
export class Plot {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #ink: Ink;
  readonly #size: ResizeObserver;
  readonly #recolour = (): void => {
    this.#ink = inkOf(this.#canvas);
  };
  #width = 0;
  #height = 0;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (context === null) {
      throw new Error("this browser cannot draw on a canvas");
    }
    this.#canvas = canvas;
    this.#context = context;
    this.#ink = inkOf(canvas);
    this.#size = new ResizeObserver(() => this.#fit());
    this.#size.observe(canvas);
    DARK.addEventListener("change", this.#recolour);
    this.#fit();
  }

  /** Stops drawing. */
  end(): void {
    this.#size.disconnect();
    DARK.removeEventListener("change", this.#recolour);
  }

  /** Redraws the plot. */
  draw(scene: Scene): void {
    const pen = this.#context;
    pen.clearRect(0, 0, this.#width, this.#height);
    const found = teeth(scene.rounds, scene.stretch);
    const past = Math.min(scene.now, scene.end ?? scene.now);
    const isAnswer = scene.dots !== undefined;
    this.#clipped(scene, { from: scene.stretch.from, to: past }, () => {
      this.#curve(
        scene,
        found,
        isAnswer ? this.#ink.quiet : this.#ink.line,
        isAnswer ? undefined : this.#ink.fill,
      );
    });
    const end = scene.end ?? scene.stretch.to;
    const settled = Math.min(Math.max(past, scene.settled ?? past), end);
    this.#clipped(scene, { from: past, to: settled }, () => {
      this.#curve(scene, found, this.#ink.settled, undefined);
    });
    this.#clipped(scene, { from: settled, to: end }, () => {
      this.#curve(scene, found, this.#ink.coming, undefined);
    });
    this.#breaks(scene, found, past, isAnswer);
    this.#line(this.#x(scene, scene.now), this.#ink.now, 2);
    this.#dots(scene);
  }

  #fit(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const density = devicePixelRatio;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#canvas.width = Math.round(clientWidth * density);
    this.#canvas.height = Math.round(clientHeight * density);
    this.#context.setTransform(density, 0, 0, density, 0, 0);
  }

  #x({ stretch }: Scene, step: number): number {
    return ((step - stretch.from) / (stretch.to - stretch.from)) * this.#width;
  }

  #y({ top }: Scene, value: number): number {
    const floor = this.#height - FOOTROOM;
    return floor - (value / top) * (floor - HEADROOM);
  }

  #clipped(scene: Scene, { from, to }: Stretch, draw: () => void): void {
    const pen = this.#context;
    const left = this.#x(scene, from);
    pen.save();
    pen.beginPath();
    pen.rect(left, 0, Math.max(0, this.#x(scene, to) - left), this.#height);
    pen.clip();
    draw();
    pen.restore();
  }

  #curve(scene: Scene, found: readonly Tooth[], line: string, fill: string | undefined): void {
    const perTick = this.#x(scene, scene.stretch.from + 1);
    const pen = this.#context;
    for (const tooth of found) {
      const corners = perTick < NARROWEST_STAIR ? slope(tooth) : stairs(tooth, scene.stretch);
      const path = this.#path(scene, corners);
      if (fill !== undefined) {
        pen.fillStyle = fill;
        pen.fill(this.#closed(scene, path, corners));
      }
      pen.strokeStyle = line;
      pen.lineWidth = 1.5;
      pen.lineJoin = "round";
      pen.stroke(path);
    }
  }

  #path(scene: Scene, corners: readonly Point[]): Path2D {
    const path = new Path2D();
    for (const [step, value] of corners) {
      path.lineTo(this.#x(scene, step), this.#y(scene, value));
    }
    return path;
  }

  #closed(scene: Scene, path: Path2D, corners: readonly Point[]): Path2D {
    const closed = new Path2D(path);
    const first = corners[0]?.[0] ?? 0;
    const last = corners.at(-1)?.[0] ?? 0;
    closed.lineTo(this.#x(scene, last), this.#y(scene, 0));
    closed.lineTo(this.#x(scene, first), this.#y(scene, 0));
    return closed;
  }

  #breaks(scene: Scene, found: readonly Tooth[], past: number, isAnswer: boolean): void {
    const pen = this.#context;
    pen.font = "600 11px system-ui, sans-serif";
    pen.textAlign = "right";
    for (const { end, interval } of found) {
      if (end > scene.stretch.to || end >= (scene.end ?? Number.POSITIVE_INFINITY)) {
        continue;
      }
      const x = this.#x(scene, end);
      const isComing = end > past;
      pen.setLineDash(isComing ? [2, 4] : []);
      this.#line(x, this.#ink.broken, isComing ? 1 : 2);
      pen.setLineDash([]);
      if (!(isComing || isAnswer)) {
        pen.fillStyle = this.#ink.broken;
        pen.fillText(String(interval), x - 4, this.#y(scene, interval) - 3);
      }
    }
  }

  #line(x: number, colour: string, width: number): void {
    const pen = this.#context;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, this.#height);
    pen.stroke();
  }

  #dots(scene: Scene): void {
    const pen = this.#context;
    pen.fillStyle = this.#ink.line;
    for (const [step, value] of scene.dots ?? []) {
      pen.beginPath();
      pen.arc(this.#x(scene, step), this.#y(scene, value), 4, 0, 2 * Math.PI);
      pen.fill();
    }
  }
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
    quiet: colour("coming"),
  };
}
