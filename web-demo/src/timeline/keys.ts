/** Turns keys into movements of the timeline. */
import type { App } from "../app.js";

/** How far a key moves the view, and how much it zooms. */
const KEY_MOVES = 0.1;
const KEY_ZOOMS = 1.5;

type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">;

/** Applies a key. Returns whether the key has a meaning. */
export function press({ navigation, now }: Pick<App, "navigation" | "now">, pressed: Key): boolean {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) {
    // The browser's own: Ctrl and + zooms the page, Alt and an arrow goes back.
    return false;
  }
  const { key } = pressed;
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
