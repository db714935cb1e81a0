import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import * as raw from "../src/engine/bindings.js";
import { loadEngine, Timeline } from "../src/index.js";
import { memoryAfter } from "./memory.js";

const SESSION = { seed: "any", start_at: 0, tick_ms: 1 };
const CHANGES = [5, 6, 7, 8].map((tick_ms, index) => ({ at: 1_680 * (index + 1), tick_ms }));

let memory: WebAssembly.Memory;

beforeAll(async () => {
  memory = await memoryAfter(loadEngine);
});

const freed = (name: string) => expect.objectContaining({ name: "EngineError", code: "freed", field: name });

describe("a timeline", () => {
  it("can be freed twice, and not used afterwards", () => {
    const timeline = new Timeline(SESSION);
    timeline.free();
    timeline.free();
    for (const use of [
      () => timeline.value(0),
      () => timeline.round(0),
      () => timeline.state(0),
      () => timeline.stateAt(0),
      () => timeline.stepAt(0),
      () => timeline.timeOf(0),
      () => timeline.roundAt(0),
      () => timeline.roundOf(0),
      () => timeline.nextBreak(0),
      () => timeline.draw(0, "dice"),
      () => timeline.statusAt(0),
      () => timeline.stopAt(0),
      () => timeline.update(SESSION),
    ]) {
      expect(use).toThrow(freed("timeline"));
    }
  });

  it("is freed by `using`", () => {
    let left: Timeline;
    {
      using timeline = new Timeline(SESSION);
      left = timeline;
      expect(timeline.value(0)).toBe(1);
    }
    expect(() => left.value(0)).toThrow(freed("timeline"));
  });

  it("may be freed before its draws", () => {
    const timeline = new Timeline(SESSION);
    const draw = timeline.draw(0, "dice");
    const word = timeline.draw(0, "dice").word();
    timeline.free();
    expect(draw.word()).toBe(word);
  });
});

describe("a draw", () => {
  it("can be freed twice, and not used afterwards", () => {
    const draw = new Timeline(SESSION).draw(0, "dice");
    draw.free();
    draw.free();
    for (const use of [() => draw.word(), () => draw.unit(), () => draw.below(6), () => draw.shuffle([])]) {
      expect(use).toThrow(freed("draw"));
    }
  });

  it("is freed by `using`", () => {
    const draw = new Timeline(SESSION).draw(0, "dice");
    {
      using used = draw;
      used.word();
    }
    expect(() => draw.word()).toThrow(freed("draw"));
  });

  it("shuffles any items in place, and takes no word if it throws", () => {
    const timeline = new Timeline(SESSION);
    const items = ["a", { b: 1 }, undefined, 4, [5]];
    const same = timeline.draw(7, "dice").shuffle(items);
    expect(same).toBe(items);
    expect(new Set(items)).toEqual(new Set(["a", { b: 1 }, undefined, 4, [5]]));
    expect(timeline.draw(7, "dice").shuffle([])).toEqual([]);
    const draw = timeline.draw(7, "dice");
    expect(() => draw.shuffle(new Array(2 ** 27 + 1))).toThrow(
      expect.objectContaining({ code: "out_of_range", field: "items" }),
    );
    expect(() => draw.below(0)).toThrow(expect.objectContaining({ code: "out_of_range", field: "n" }));
    expect(draw.word()).toBe(timeline.draw(7, "dice").word());
  });
});

it("freeing releases the memory", () => {
  const use = () => {
    for (let count = 0; count < 10_000; count++) {
      using timeline = new Timeline(SESSION);
      using draw = timeline.draw(count, "dice");
      draw.shuffle([1, 2, 3]);
      expect(() => timeline.value(-1)).toThrow();
    }
  };
  const update = () => {
    using timeline = new Timeline(SESSION);
    for (let count = 0; count < 10_000; count++) {
      timeline.update({ ...SESSION, schedule: CHANGES.slice(count % 4) });
    }
  };
  use();
  update();
  const size = memory.buffer.byteLength;
  use();
  update();
  expect(memory.buffer.byteLength).toBe(size);
});

const MANY = 2_000;

it("garbage collection releases the memory too", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const deadline = Date.now() + 60_000;
  for (let times = 0; times < 5; times++) {
    for (let count = 0; count < MANY; count++) {
      new Timeline(SESSION).draw(count, "dice").word();
    }
    while (highestNumber() > 1.5 * MANY) {
      expect(Date.now()).toBeLessThan(deadline);
      collect();
      // Finalizers run between tasks.
      await setImmediate();
    }
  }
});

/** Returns the highest of the numbers that the engine gives to many new timelines: about the number of timelines. */
function highestNumber(): number {
  const numbers = Array.from({ length: MANY }, () => {
    raw.writeText("any");
    return raw.openTimeline(0, 1, Number.NaN, Number.NaN, Number.NaN);
  });
  numbers.forEach(raw.closeTimeline);
  return Math.max(...numbers);
}

describe("the method that `using` calls", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("is named Symbol.dispose", async () => {
    expect((await import("../src/engine/handle.js")).dispose).toBe(Symbol.dispose);
  });

  it("has a substitute name where that is missing", async () => {
    const known = Object.getOwnPropertyDescriptors(Symbol);
    const { dispose: _, name: __, length: ___, ...rest } = known;
    vi.stubGlobal(
      "Symbol",
      Object.defineProperties((text: string) => Symbol.for(text), rest),
    );
    vi.resetModules();
    expect((await import("../src/engine/handle.js")).dispose).toBe(Symbol.for("Symbol.dispose"));
  });
});
