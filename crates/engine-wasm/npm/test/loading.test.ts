import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { createContext, runInContext, runInNewContext } from "node:vm";
import { beforeEach, describe, expect, it, vi } from "vitest";

const FILE = new URL("../generated/tickseed_bg.wasm", import.meta.url);
const SESSION = { seed: "550e8400-e29b-41d4-a716-446655440000", start_at: 0, tick_ms: 1 };
const BREAK = { step: 12_863, value: 0, round: 64, broken: true };

const bytes = () => new Uint8Array(readFileSync(FILE));
const answer = () => new Response(bytes(), { headers: { "content-type": "application/wasm" } });

/** The entries as a program that has just started sees them: nothing is loaded. */
const node = () => import("../src/index.js");
const inline = () => import("../src/inline.js");

/** The same on a platform without files. */
const browser = () => {
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
  return node();
};

beforeEach(() => {
  vi.resetModules();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.doUnmock("../generated/inline.js");
});

/** Makes the copy of the module fail to load. */
const withoutCopy = () =>
  vi.doMock("../generated/inline.js", () => ({
    moduleBytes: () => {
      throw new Error("the chunk is missing");
    },
  }));

describe("before it is loaded", () => {
  it("the engine throws an error that says what to do", async () => {
    const { stateAt, Timeline } = await node();
    const error = expect.objectContaining({
      name: "EngineError",
      code: "not_loaded",
      field: "engine",
      message: "the engine is not loaded: await loadEngine() before using it",
    });
    expect(() => new Timeline(SESSION)).toThrow(error);
    expect(() => stateAt(SESSION, 0)).toThrow(error);
  });

  it("the version is known", async () => {
    expect((await node()).ENGINE_VERSION).toBe(1);
  });
});

describe("the entries", () => {
  it("tickseed and tickseed/inline export the same names", async () => {
    expect(Object.keys(await inline()).sort()).toEqual(Object.keys(await node()).sort());
  });

  it("tickseed/engine exports a subset of the names of tickseed", async () => {
    const engine = await import("../src/engine.js");
    expect(await node()).toMatchObject(engine);
  });
});

it("the WebAssembly module has the version that the TypeScript names", async () => {
  const { ENGINE_VERSION, loadEngine } = await node();
  await loadEngine();
  const { engineVersion } = await import("../src/engine/bindings.js");
  expect(engineVersion()).toBe(ENGINE_VERSION);
});

it.each(["index", "engine", "inline", "js", "react", "react-native"])(
  "the entry %s needs no global at import",
  async (entry) => {
    const file = new URL(`../dist/${entry}.js`, import.meta.url).href;
    const program = `
      for (const name of ${JSON.stringify(GLOBALS)}) delete globalThis[name];
      const names = Object.keys(await import(${JSON.stringify(file)}));
      process.stdout.write(String(names.includes("loadEngine") || names.includes("useSession")));`;
    const options = ["--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, options);
    expect(stdout).toBe("true");
  },
);

/** What an entry must do without at import, because some platform lacks it. */
const GLOBALS = [
  ...[
    "AbortController",
    "EventSource",
    "FinalizationRegistry",
    "PerformanceObserver",
    "Request",
    "TextDecoder",
  ],
  ...["URL", "WebAssembly", "fetch", "performance", "queueMicrotask"],
];

describe("if a tool has moved the code away from the file", () => {
  const page = () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
  const mislabelled = () =>
    new Response("<!doctype html>", { headers: { "content-type": "application/wasm" } });
  const other = () => new Response(bytes().slice(0, 8), { headers: { "content-type": "application/wasm" } });

  it.each([
    ["which is missing", async () => new Response("not found", { status: 404 }), "status 404"],
    ["in place of which a page is served", async () => page(), "magic"],
    ["in place of which a page is served as WebAssembly", async () => mislabelled(), "magic"],
    ["in place of which there is another module", async () => other(), "not a function"],
    ["which cannot be fetched", () => Promise.reject(new TypeError("fetch failed")), "fetch failed"],
  ])("%s, a copy takes its place, and the console says so once", async (_what, fetched, reason) => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    vi.spyOn(globalThis, "fetch").mockImplementation(fetched);
    const { loadEngine, Timeline } = await browser();
    await Promise.all([loadEngine(), loadEngine()]);
    await loadEngine();
    expect(new Timeline(SESSION).state(12_863)).toEqual(BREAK);
    expect(warn.mock.calls).toEqual([[expect.stringContaining(reason)]]);
  });

  it("and the address of the code is unknown, as in a CommonJS bundle, a copy takes its place", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { loadEngine, Timeline } = await node();
    const { URL } = globalThis;
    vi.stubGlobal("URL", function url(address: string, base: string) {
      return new URL(address, address.endsWith(".wasm") ? undefined : base);
    });
    await loadEngine();
    vi.unstubAllGlobals();
    expect(new Timeline(SESSION).state(12_863)).toEqual(BREAK);
  });

  it("and the copy fails too, the error tells why the file failed", async () => {
    withoutCopy();
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => page());
    const { loadEngine } = await browser();
    await expect(loadEngine()).rejects.toMatchObject({
      code: "load_failed",
      message: expect.stringContaining("magic"),
    });
  });
});

describe("without WebAssembly", () => {
  it.each([
    ["tickseed", node],
    ["tickseed/inline", inline],
  ])("%s says what to import", async (_name, entry) => {
    vi.stubGlobal("WebAssembly", undefined);
    const { loadEngine } = await entry();
    await expect(loadEngine()).rejects.toMatchObject({
      code: "load_failed",
      message: expect.stringContaining("import tickseed/js"),
    });
  });

  it("tickseed/js computes the same states and draws", async () => {
    const { loadEngine, Timeline } = await node();
    await loadEngine();
    const reference = new Timeline(SESSION);
    vi.resetModules();
    const js = await import("../src/js.js");
    for (const name of ["WebAssembly", "FinalizationRegistry", "TextDecoder", "URL", "fetch"]) {
      vi.stubGlobal(name, undefined);
    }
    await js.loadEngine();
    const timeline = new js.Timeline(SESSION);
    for (const step of [0, 1, 12_863, 12_864, 2 ** 40, 2 ** 47]) {
      expect(timeline.state(step)).toEqual(reference.state(step));
      expect(timeline.draw(step, "dice").unit()).toBe(reference.draw(step, "dice").unit());
    }
    expect(() => timeline.value(-1)).toThrow(expect.objectContaining({ code: "out_of_range" }));
  });

  it("tickseed/js takes precedence over the file, in whichever order they are imported", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    await import("../src/js.js");
    const { loadEngine, Timeline } = await node();
    await loadEngine();
    expect(new Timeline(SESSION).state(12_863)).toEqual(BREAK);
  });
});

it("tickseed/js computes the same where nothing is compiled and there is no WebAssembly", async () => {
  const { loadEngine, Timeline } = await node();
  await loadEngine();
  const timeline = new Timeline(SESSION);
  const steps = [0, 1, 12_863, 12_864, 1_000_000_007, 2 ** 47];
  const own = steps.map((step) => [timeline.state(step), timeline.draw(step, "dice").unit()]);
  const program = `
    import { loadEngine, Timeline } from ${JSON.stringify(new URL("../dist/js.js", import.meta.url).href)};
    await loadEngine();
    const timeline = new Timeline(${JSON.stringify(SESSION)});
    const answers = ${JSON.stringify(steps)}.map((step) => [timeline.state(step), timeline.draw(step, "dice").unit()]);
    process.stdout.write(JSON.stringify([typeof WebAssembly, answers]));`;
  const options = ["--jitless", "--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, options);
  expect(JSON.parse(stdout)).toEqual(["undefined", own]);
});

it("sources of another realm are known by their class", async () => {
  const { loadEngine, Timeline } = await node();
  await loadEngine(runInNewContext("new Uint8Array(bytes)", { bytes: bytes() }) as Uint8Array<ArrayBuffer>);
  expect(new Timeline(SESSION).state(12_863)).toEqual(BREAK);
});

it("the script for pages sets the global tickseed, and contains everything", async () => {
  const script = readFileSync(new URL("../dist/cdn.js", import.meta.url), "utf8");
  const page = createContext({ WebAssembly, Response });
  runInContext(script, page);
  const { loadEngine, Timeline, connect } = page.tickseed as typeof import("../src/index.js");
  await loadEngine();
  expect(new Timeline(SESSION).state(12_863)).toEqual(BREAK);
  expect(connect).toBeTypeOf("function");
});

describe("in Node.js the engine is loaded", () => {
  it.each([
    ["from the package's own file", () => undefined],
    ["from the URL of a file", () => FILE],
    ["from bytes", bytes],
    ["from an ArrayBuffer", () => bytes().buffer],
    ["from a compiled module", () => new WebAssembly.Module(bytes())],
    ["from a response", answer],
    ["from a promise of a response", () => Promise.resolve(answer())],
    ["from a response with another content type", () => new Response(bytes())],
    ["from a URL that is not a file", () => new URL(`data:application/wasm;base64,${base64()}`)],
    ["from a string with such a URL", () => `data:application/wasm;base64,${base64()}`],
    ["from a request", () => new Request(`data:application/wasm;base64,${base64()}`)],
  ])("%s", async (_name, source) => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { loadEngine, Timeline } = await node();
    await loadEngine(source());
    expect(new Timeline(SESSION).state(12_863)).toEqual(BREAK);
  });
});

/** A module that imports the function `f` of a module `m`. */
const FOREIGN = btoa("\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x07\x01\x01m\x01f\0\0");

const base64 = () => readFileSync(FILE).toString("base64");

describe("without a file system the engine is loaded", () => {
  it("from the file next to the bindings", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
    const { loadEngine, Timeline } = await browser();
    await loadEngine();
    expect(fetched.mock.calls.map(([source]) => String(source))).toEqual([FILE.href]);
    expect(new Timeline(SESSION).state(12_863)).toEqual(BREAK);
  });

  it("from another source if one is given", async () => {
    const fetched = vi.spyOn(globalThis, "fetch");
    const { loadEngine, Timeline } = await browser();
    await loadEngine(bytes());
    expect(fetched).not.toHaveBeenCalled();
    expect(new Timeline(SESSION).state(12_863)).toEqual(BREAK);
  });
});

describe("loading", () => {
  it("happens once, however often and early it is called", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
    const { loadEngine, Timeline } = await browser();
    const calls = [loadEngine(), loadEngine(), loadEngine()];
    await Promise.all(calls);
    await loadEngine();
    await loadEngine("https://other.example/not-asked.wasm");
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(new Timeline(SESSION).value(0)).toBe(1);
  });

  it("does not affect existing timelines", async () => {
    const { loadEngine, Timeline } = await node();
    await loadEngine();
    const timeline = new Timeline(SESSION);
    await loadEngine(bytes());
    expect(timeline.state(12_863)).toEqual(BREAK);
  });

  it("can be repeated after a failure", async () => {
    withoutCopy();
    const { loadEngine, Timeline } = await browser();
    const fetched = vi.spyOn(globalThis, "fetch");
    fetched.mockRejectedValueOnce(new TypeError("network is down"));
    const first = loadEngine();
    const second = loadEngine();
    const failure = { name: "EngineError", code: "load_failed", field: "source" };
    await expect(first).rejects.toMatchObject(failure);
    await expect(second).rejects.toMatchObject({
      ...failure,
      message: "the engine could not be loaded: network is down",
      cause: new TypeError("network is down"),
    });
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(() => new Timeline(SESSION)).toThrow("not loaded");
    fetched.mockResolvedValueOnce(answer());
    await loadEngine();
    expect(new Timeline(SESSION).value(0)).toBe(1);
  });

  it.each([
    ["an error response", () => new Response("gone", { status: 404 })],
    ["a response that is not WebAssembly", () => new Response("<html>")],
    ["bytes that are not a module", () => new Uint8Array(8)],
    ["a file that does not exist", () => new URL("missing.wasm", FILE)],
    ["a promise that rejects", () => Promise.reject(new Error("no"))],
  ])("fails with a clear error for %s, and can be repeated", async (_name, source) => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { loadEngine, Timeline } = await node();
    await expect(loadEngine(source())).rejects.toMatchObject({ code: "load_failed" });
    expect(() => new Timeline(SESSION)).toThrow("not loaded");
    await loadEngine();
    expect(new Timeline(SESSION).value(0)).toBe(1);
  });

  const broken = () =>
    new Response(
      new ReadableStream({ start: (controller) => controller.error(new TypeError("terminated")) }),
      { headers: { "content-type": "application/wasm" } },
    );
  const gone = () => new Response("gone", { status: 404 });
  const address = "https://ticks.example/engine.wasm";

  it.each<[string, () => unknown, () => Response | Promise<Response>]>([
    ["a request that failed", () => address, () => Promise.reject(new TypeError("offline"))],
    ["a request whose address is promised", () => Promise.resolve(new URL(address)), gone],
    ["an error status", () => new Request(address), gone],
    ["a response that breaks off", () => address, broken],
  ])("may pass after %s", async (_what, source, fetched) => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => fetched());
    const { loadEngine } = await node();
    await expect(loadEngine(source() as string)).rejects.toMatchObject({ mayPass: true });
    // Not because of the request before.
    await expect(loadEngine(new Uint8Array(8))).rejects.toMatchObject({ mayPass: false });
  });

  it.each<[string, () => unknown]>([
    ["a promise of a response that rejects", () => Promise.reject(new TypeError("offline"))],
    ["a response that was given", gone],
    ["a response that was given and breaks off", broken],
    ["bytes that are not a module", () => new Uint8Array(8)],
    ["an address of something else", () => "data:text/html,page"],
    ["a module that is not the engine", () => `data:application/wasm;base64,${FOREIGN}`],
    ["a file that does not exist", () => new URL("missing.wasm", FILE)],
  ])("will not pass after %s", async (_what, source) => {
    const { loadEngine } = await node();
    await expect(loadEngine(source() as string)).rejects.toMatchObject({
      code: "load_failed",
      mayPass: false,
    });
  });

  it("will not pass without WebAssembly", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    const { loadEngine } = await node();
    await expect(loadEngine(`data:application/wasm;base64,${base64()}`)).rejects.toMatchObject({
      mayPass: false,
    });
  });

  it("never accepts a module that is not the engine", async () => {
    const { loadEngine, Timeline } = await node();
    const other = new WebAssembly.Module(bytes().slice(0, 8));
    await expect(loadEngine(other)).rejects.toMatchObject({ code: "load_failed" });
    expect(() => new Timeline(SESSION)).toThrow("not loaded");
    await loadEngine();
    expect(new Timeline(SESSION).value(0)).toBe(1);
  });
});
