import Phaser from "phaser";
import { connect } from "tickseed";

import { CROSSING_STEPS, enemiesAt, LANES } from "./spawner.js";

const WIDTH = 640;
const LANE_HEIGHT = 48;
const COLOURS = { bat: 0x8844ff, ghost: 0x55bbee, spider: 0xee5555 };

const slider = document.querySelector("input");
const output = document.querySelector("output");

/** The step that the slider shows; `undefined` while the game shows the present. */
let sought;
slider.addEventListener("input", () => {
  sought = slider.valueAsNumber;
});
document.querySelector("button").addEventListener("click", () => {
  sought = undefined;
});

const address = new URLSearchParams(location.search).get("session");
const session = await connect(address, { retry: true });
const frame = session.frame();

class Game extends Phaser.Scene {
  create() {
    this.sprites = [];
  }

  /** Shows the enemies of the moment with sprites that are used again. */
  update() {
    if (session.isClosed) {
      return;
    }
    session.frame(frame);
    const step = sought ?? frame.step;
    const enemies = enemiesAt(session.timeline, step, sought === undefined ? frame.fraction : 0);
    while (this.sprites.length < enemies.length) {
      this.sprites.push(this.add.rectangle(0, 0, 28, 28));
    }
    this.sprites.forEach((sprite, index) => place(sprite, enemies[index]));
    showTime(step, enemies.length);
  }
}

function place(sprite, enemy) {
  sprite.setVisible(enemy !== undefined);
  if (enemy !== undefined) {
    sprite.setPosition(WIDTH * enemy.progress, LANE_HEIGHT * (enemy.lane + 0.5)).setFillStyle(COLOURS[enemy.kind]);
  }
}

function showTime(step, count) {
  slider.max = String(frame.step + CROSSING_STEPS);
  if (sought === undefined) {
    slider.value = String(step);
  }
  output.textContent = `step ${step}, ${count} enemies`;
}

new Phaser.Game({
  type: Phaser.AUTO,
  parent: "game",
  width: WIDTH,
  height: LANES * LANE_HEIGHT,
  backgroundColor: "#102030",
  banner: false,
  audio: { noAudio: true },
  scene: Game,
});
