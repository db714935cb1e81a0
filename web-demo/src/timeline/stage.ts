/** Holds the canvas of the timeline: draws on it, and turns drags, wheels and keys into movements. */
import type { App } from "../app.js";
import { press } from "./keys.js";
import { Plot } from "./plot.js";
import { sceneOf } from "./scene.js";

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
    if (press(app, event)) {
      event.preventDefault();
    }
  });
}
