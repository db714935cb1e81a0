import { Application, Graphics, Text } from "pixi.js";
import { connect } from "tickseed";

import { sparksAt } from "./sparks.js";

const [WIDTH, HEIGHT] = [480, 480];

const main = document.querySelector("main");
const app = new Application();
await app.init({ width: WIDTH, height: HEIGHT, background: "#102030", antialias: true });
main.append(app.canvas);

const picture = new Graphics({ x: WIDTH / 2, y: HEIGHT / 2 });
const text = new Text({ text: "", anchor: 0.5, x: WIDTH / 2, y: HEIGHT / 2, style: { fill: "white", fontSize: 64 } });
app.stage.addChild(picture, text);

const address = new URLSearchParams(location.search).get("session");
const session = await connect(address, { retry: true });
const frame = session.frame();

app.ticker.add(() => {
  if (session.isClosed) {
    return;
  }
  session.frame(frame);
  picture.clear();
  drawTick();
  drawSparks();
  text.text = String(frame.value);
  describe();
});

/** A ring that closes as the tick passes. */
function drawTick() {
  const start = -Math.PI / 2;
  picture.arc(0, 0, 90, start, start + 2 * Math.PI * frame.fraction).stroke({ width: 6, color: "white" });
}

function drawSparks() {
  for (const { x, y, alpha } of sparksAt(session, frame)) {
    picture.circle(x, y, 5).fill({ color: "orange", alpha });
  }
}

/** For people who do not see the canvas. */
function describe() {
  const label = `${frame.value}, ${frame.status}`;
  if (main.ariaLabel !== label) {
    main.ariaLabel = label;
  }
}
