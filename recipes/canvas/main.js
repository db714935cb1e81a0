/** A counter drawn at every frame. The page receives nothing for it: it computes each frame from the session and the time. */
import { connect } from "tickseed";

const canvas = document.querySelector("canvas");
const pen = canvas.getContext("2d");

const address = new URLSearchParams(location.search).get("session");
const session = await connect(address, { retry: true });

// Filled again at every frame, so that drawing creates no garbage.
const frame = session.frame();

function draw() {
  // A later version of the session may need a later version of the package; then it is closed.
  if (session.isClosed) {
    return;
  }
  session.frame(frame);
  drawValue();
  drawTick();
  describe();
  requestAnimationFrame(draw);
}

function drawValue() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = frame.broken ? "crimson" : "black";
  pen.globalAlpha = frame.status === "running" ? 1 : 0.4;
  pen.font = "bold 120px system-ui";
  pen.textAlign = "center";
  pen.fillText(String(frame.value), canvas.width / 2, 150);
}

/** How much of the current tick has passed. */
function drawTick() {
  pen.fillRect(0, canvas.height - 12, canvas.width * frame.fraction, 12);
}

/** For people who do not see the canvas. */
function describe() {
  const text = frame.started ? `${frame.value}, ${frame.status}` : `starts in ${seconds(frame.startsInMs)}`;
  if (canvas.ariaLabel !== text) {
    canvas.ariaLabel = text;
  }
}

function seconds(ms) {
  return ms === undefined ? "no time: it stops before" : `${Math.ceil(ms / 1_000)} s`;
}

draw();
