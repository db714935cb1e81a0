/** Holds the canvas of the timeline: draws on it, and turns drags, wheels and keys into movements. */
import type { App } from "../app.js";
import { Plot } from "./plot.js";
import { sceneOf } from "./scene.js";

/** How far a key moves the view, and how much it zooms. */
const KEY_MOVES = 0.1;
const KEY_ZOOMS = 1.5;
const WHEEL_ZOOMS = 1.0015;

let plot: Plot | undefined;
let held: Element | undefined;

/** Takes the canvas once it is there. */
export function holdCanvas(app: App, element: Element | undefined): void {
  if (element instanceof HTMLCanvasElement && element !== held) {
    held = element;
    plot = new Plot(element);
    listen(app, element, plot);
  }
}

/** Draws the timeline as it is now. */
export function drawTimeline(app: App): void {
  if (plot !== undefined && app.session !== undefined) {
    plot.draw(sceneOf(app, app.session));
  }
}

function listen(app: App, canvas: HTMLCanvasElement, { width }: Plot): void {
  const { navigation } = app;
  const perPixel = (): number => navigation.spanMs / (plot?.width ?? width);
  let pressedX: number | undefined;
  canvas.addEventListener("pointerdown", (event) => {
    pressedX = event.clientX;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", ({ clientX }) => {
    if (pressedX !== undefined && clientX !== pressedX) {
      navigation.move((pressedX - clientX) * perPixel(), app.now);
      pressedX = clientX;
    }
  });
  for (const type of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(type, () => {
      pressedX = undefined;
    });
  }
  canvas.addEventListener(
    "wheel",
    (event) => {
      // Without a modifier, a wheel that turns up and down scrolls the page.
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (isSideways) {
        event.preventDefault();
        navigation.move(event.deltaX * perPixel(), app.now);
      } else if (event.ctrlKey || event.metaKey || document.activeElement === canvas) {
        event.preventDefault();
        const fromMiddle = event.offsetX - (plot?.width ?? width) / 2;
        const around = navigation.centerAt(app.now) + fromMiddle * perPixel();
        navigation.zoom(WHEEL_ZOOMS ** event.deltaY, around, app.now);
      }
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    if (press(app, event.key)) {
      event.preventDefault();
    }
  });
}

/** Does what a key stands for. Returns whether it stands for anything. */
function press({ navigation, now }: App, key: string): boolean {
  const center = navigation.centerAt(now);
  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: -KEY_MOVES,
    ArrowRight: KEY_MOVES,
    PageUp: -1,
    PageDown: 1,
  };
  const zooms: Readonly<Record<string, number>> = { "+": 1 / KEY_ZOOMS, "=": 1 / KEY_ZOOMS, "-": KEY_ZOOMS };
  const [move, zoom] = [moves[key], zooms[key]];
  if (move !== undefined) {
    navigation.move(move * navigation.spanMs, now);
  } else if (zoom !== undefined) {
    navigation.zoom(zoom, center, now);
  } else if (key === "Home") {
    navigation.follow();
  }
  return move !== undefined || zoom !== undefined || key === "Home";
}
