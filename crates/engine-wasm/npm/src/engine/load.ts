import { engineVersion, imports, start } from "./bindings.js";
import { EngineError } from "./error.js";
import { ENGINE_VERSION } from "./version.js";

/**
 * Where the WebAssembly module can come from: the URL of the file, a request for it, a response, its bytes, or the
 * compiled module; or a promise of one of these.
 */
export type EngineSource = Source | Promise<Source>;

type Source = string | URL | Request | Response | ArrayBuffer | ArrayBufferView<ArrayBuffer> | CompiledModule;

/** `WebAssembly.Module`, if the program's types include it: those of Node.js do not. */
type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : never;

let defaultSource: (() => EngineSource) | undefined;
let loaded = false;
let loading: Promise<void> | undefined;

/** Sets the source of the module that is used when a program names none. */
export function setSource(open: () => EngineSource): void {
  defaultSource = open;
}

/** Sets the default source unless one is set already: a module in memory takes precedence over a file. */
export function setFallbackSource(open: () => EngineSource): void {
  defaultSource ??= open;
}

/**
 * Loads the engine. This must finish once, anywhere in the program, before the engine is used; `connect` does it for you.
 * Later and concurrent calls share the first one, whatever source they name. After a failure it can be called again.
 *
 * @param source Where the WebAssembly module comes from. The default is the package's own file: next to the code in
 *   browsers (bundlers copy it), read from disk in Node.js. In `tickseed/inline` it is embedded in the code.
 * @throws {@link EngineError} `load_failed`; its `cause` is the platform's error.
 *
 * @example
 * ```ts
 * await loadEngine();
 * await loadEngine("https://cdn.example/tickseed_bg.wasm"); // or from somewhere else
 * ```
 */
export function loadEngine(source?: EngineSource): Promise<void> {
  loading ??= load(source).catch((cause: unknown) => {
    loading = undefined;
    throw loadError(cause);
  });
  return loading;
}

/** Throws unless the engine is loaded. */
export function assertLoaded(): void {
  if (!loaded) {
    throw new EngineError(
      "not_loaded",
      "engine",
      "the engine is not loaded: await loadEngine() before using it",
    );
  }
}

async function load(source: EngineSource | undefined): Promise<void> {
  const found = await fetched(await (source ?? defaultSource?.()));
  const made = found instanceof Response ? await fromResponse(found) : await instantiate(found);
  use("instance" in made ? made.instance : made);
}

type Fetched = Exclude<Source, string | URL | Request>;

async function fetched(source: Source | undefined): Promise<Fetched> {
  const fromDisk = source instanceof URL && source.protocol === "file:" ? await readFile(source) : undefined;
  if (fromDisk !== undefined) {
    return fromDisk;
  }
  const isAddress = typeof source === "string" || source instanceof URL || source instanceof Request;
  return isAddress ? fetch(source) : (source as Fetched);
}

/**
 * Reads a file in Node.js, whose `fetch` rejects file URLs. Gives `undefined` on other platforms. The module is requested
 * at run time because bundlers for browsers reject or warn about an import of `node:fs/promises`.
 */
async function readFile(file: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  const files = process?.getBuiltinModule?.("node:fs/promises");
  return files === undefined ? undefined : new Uint8Array(await files.readFile(file));
}

type Made = WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource;

/** Compiles the module while it downloads, if its content type allows that. */
async function fromResponse(response: Response): Promise<Made> {
  if (!response.ok) {
    throw new Error(`${response.url} responded with status ${response.status}`);
  }
  const isModule = response.headers.get("content-type") === "application/wasm";
  return isModule
    ? WebAssembly.instantiateStreaming(response, imports)
    : instantiate(await response.arrayBuffer());
}

function instantiate(source: BufferSource | WebAssembly.Module): Promise<Made> {
  return WebAssembly.instantiate(source as BufferSource, imports);
}

/** Starts the first module that turns out to be the engine. A second instance would not know the existing timelines. */
function use(instance: WebAssembly.Instance): void {
  if (loaded) {
    return;
  }
  start(instance);
  // A cached or foreign module may implement another engine version than this code, and compute other states.
  const version = engineVersion();
  if (version !== ENGINE_VERSION) {
    throw new Error(`the WebAssembly module has engine version ${version}, not ${ENGINE_VERSION}`);
  }
  loaded = true;
}

function loadError(cause: unknown): EngineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EngineError("load_failed", "source", `the engine could not be loaded: ${reason}`, { cause });
}
