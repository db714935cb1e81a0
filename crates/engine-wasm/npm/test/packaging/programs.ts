/** What strangers write, as the text of files. */

/** Uses each public name and ends with `answer`, which says {@link ANSWER}. */
export const PROGRAM = `
import { ENGINE_VERSION, EngineError, loadEngine, stateAt, Timeline } from "tickseed";

const session = { seed: "550e8400-e29b-41d4-a716-446655440000", start_at: "2026-11-23T12:00:03.000Z", tick_ms: 100 };
await loadEngine();
const timeline = new Timeline(session);
const draw = timeline.draw(42, "loot");
let refused;
try {
  timeline.value(-1);
} catch (error) {
  refused = error instanceof EngineError && error.code;
}
const answer = JSON.stringify([
  ENGINE_VERSION,
  timeline.state(12_863),
  stateAt(session, timeline.timeOf(1_000_000)).value,
  draw.below(1000),
  refused,
]);
`;

export const ANSWER = '[1,{"step":12863,"value":0,"round":64,"broken":true},108,4,"out_of_range"]';

/** Type-checks only if the package's types say what they should. */
export const TYPED_PROGRAM = `
import {
  type BreakInterval, type Draw, ENGINE_VERSION, EngineError, type EngineErrorCode, type EngineSource, type Instant,
  loadEngine, type Round, type Rules, type Session, type State, stateAt, Timeline,
} from "tickseed";

const version: 1 = ENGINE_VERSION;
const interval: BreakInterval = { min: 1, max: 2 };
const rules: Rules = { break_interval: interval };
const session: Session = { seed: "a", start_at: new Date(0), tick_ms: 100, rules, stopped_at: null };
const source: EngineSource = new URL("https://cdn.example/tickseed_bg.wasm");
await loadEngine(source);
const now: Instant = 5;
const state: State = stateAt(session, now);
const timeline = new Timeline(session);
const step: number | null = timeline.stepAt(now);
const round: Round = timeline.roundOf(state.step);
const draw: Draw = timeline.draw(step ?? 0, "dice");
const cards: string[] = draw.shuffle(["ace", "king"]);
const code: EngineErrorCode = new EngineError("freed", "draw", "a message").code;
const numbers: number[] = [draw.word(), draw.unit(), draw.below(6), timeline.value(1), round.next_break];
draw.free();
timeline[Symbol.dispose]();
// @ts-expect-error: a draw comes from a timeline only
new (draw.constructor as typeof Draw)();
// @ts-expect-error: what the engine answered is not changed
state.value = 5;
// @ts-expect-error: a seed is a text
new Timeline({ seed: 5, start_at: 0, tick_ms: 100 });
export { cards, code, numbers, version };
`;

/** A page that shows the answer as its text. */
export const PAGE = (head: string) => `<!doctype html>
<html>
  <head><meta charset="utf-8" /><link rel="icon" href="data:," />${head}</head>
  <body><script type="module" src="/main.js"></script></body>
</html>
`;

export const SHOW = "document.body.textContent = answer;\n";
