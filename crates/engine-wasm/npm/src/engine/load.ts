import { EngineError } from "./error.js";
import { engineVersion, imports, start } from "./raw.js";
import { ENGINE_VERSION } from "./version.js";

/**
 * Where the WebAssembly module may come from: the URL of the file, a request for it, the answer to one, its bytes, or
 * the compiled module; or a promise of one of these.
 */
export type EngineSource = Source | Promise<Source>;

type Source = string | URL | Request | Response | ArrayBuffer | ArrayBufferView<ArrayBuffer> | CompiledModule;

/** `WebAssembly.Module`, where the program's types know of it: those of Node.js do not. */
type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : never;

let loaded = false;
let loading: Promise<void> | undefined;

/**
 * Loads the engine, once: calls that come meanwhile or later share the first. After a failure the next call tries anew.
 *
 * @param open Tells the source.
 */
export function loadOnce(open: () => EngineSource): Promise<void> {
  loading ??= load(open).catch((cause: unknown) => {
    loading = undefined;
    throw loadError(cause);
  });
  return loading;
}

/** Refuses to go on before the engine is loaded. */
export function assertLoaded(): void {
  if (!loaded) {
    throw new EngineError(
      "not_loaded",
      "engine",
      "the engine is not loaded: await loadEngine() before using it",
    );
  }
}

async function load(open: () => EngineSource): Promise<void> {
  const source = await open();
  const isAddress = typeof source === "string" || source instanceof URL || source instanceof Request;
  const found = isAddress ? await fetch(source) : source;
  const made = found instanceof Response ? await fromAnswer(found) : await instantiate(found);
  use("instance" in made ? made.instance : made);
}

type Made = WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource;

/** Browsers compile the module while it comes, if its type says what it is. */
async function fromAnswer(answer: Response): Promise<Made> {
  if (!answer.ok) {
    throw new Error(`${answer.url} answered ${answer.status}`);
  }
  const isModule = answer.headers.get("content-type") === "application/wasm";
  return isModule
    ? WebAssembly.instantiateStreaming(answer, imports)
    : instantiate(await answer.arrayBuffer());
}

function instantiate(source: BufferSource | WebAssembly.Module): Promise<Made> {
  return WebAssembly.instantiate(source as BufferSource, imports);
}

/** Takes the first module that is the engine. Later ones would not know the timelines that there are. */
function use(instance: WebAssembly.Instance): void {
  if (loaded) {
    return;
  }
  start(instance);
  // A module kept by a cache, or from elsewhere, may be of another version than the code; its states would be wrong.
  const version = engineVersion();
  if (version !== ENGINE_VERSION) {
    throw new Error(`the WebAssembly module is of engine version ${version}, not ${ENGINE_VERSION}`);
  }
  loaded = true;
}

function loadError(cause: unknown): EngineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EngineError("load_failed", "source", `the engine could not be loaded: ${reason}`, { cause });
}
