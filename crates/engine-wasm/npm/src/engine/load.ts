import { engineVersion, imports, start } from "./bindings.js";
import { EngineError, reasonOf } from "./error.js";
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

/** A module that runs already, because it is JavaScript. */
interface RunningModule {
  readonly exports: object;
}

/** Opens a source. If it throws, loading fails. */
type OpenSource = () => EngineSource | RunningModule;

/** Where the module comes from when a program names no source, and a copy to use if that fails. */
let defaults: { readonly open: OpenSource; readonly openCopy?: OpenSource } | undefined;
let loaded = false;
let loading: Promise<void> | undefined;
/** Whether a request for the module has failed while it was loaded, so that another attempt may succeed. */
let hasRequestFailed = false;

/** Sets the source of the module that is used when a program names none. */
export function setSource(open: OpenSource): void {
  defaults = { open };
}

/**
 * Sets the default source unless one is set already: a module in memory takes precedence over a file.
 *
 * @param openCopy Opens a copy, for programs whose code was moved away from the file.
 */
export function setFallbackSource(open: OpenSource, openCopy: OpenSource): void {
  defaults ??= { open, openCopy };
}

/**
 * Loads the engine. This must finish once, anywhere in the program, before the engine is used; `connect` does it for you.
 * Later and concurrent calls share the first one, whatever source they name. After a failure it can be called again.
 *
 * @param source Where the WebAssembly module comes from. The default is the package's own file: next to the code in
 *   browsers (bundlers copy it), read from disk in Node.js. If that file is missing or not WebAssembly, a copy from a chunk of the
 *   code takes its place, and the console says so. In `tickseed/inline` the module is embedded in the code.
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
  hasRequestFailed = false;
  if (source !== undefined || defaults === undefined) {
    await begin(() => source as Source);
    return;
  }
  const { open, openCopy } = defaults;
  try {
    await begin(open);
  } catch (cause) {
    if (openCopy === undefined || !hasWebAssembly()) {
      throw cause;
    }
    // If the copy fails too, the first error tells more.
    await begin(openCopy).catch(() => Promise.reject(cause));
    warn(cause);
  }
}

async function begin(open: OpenSource): Promise<void> {
  const found = await fetched(await open());
  if ("exports" in found) {
    use(found);
    return;
  }
  if (!hasWebAssembly()) {
    throw new Error("there is no WebAssembly; import tickseed/js");
  }
  const made: Made = await WebAssembly.instantiate(found as BufferSource, imports);
  use("instance" in made ? made.instance : made);
}

function hasWebAssembly(): boolean {
  return typeof WebAssembly === "object";
}

type Fetched = Exclude<Source, string | URL | Request | Response> | RunningModule;

async function fetched(source: Source | RunningModule): Promise<Fetched> {
  const kind = kindOf(source);
  if (kind === "String" || kind === "URL" || kind === "Request") {
    const fromDisk = kind === "URL" ? await readFile(source as URL) : undefined;
    return fromDisk ?? requested(source as Request);
  }
  return kind === "Response" ? bytesOf(source as Response) : (source as Fetched);
}

/** Requests the module. A program that has made the request itself would get the same result at the next attempt. */
async function requested(address: Request): Promise<ArrayBuffer> {
  try {
    return await bytesOf(await fetch(address));
  } catch (error) {
    hasRequestFailed = true;
    throw error;
  }
}

function bytesOf(response: Response): Promise<ArrayBuffer> {
  if (!response.ok) {
    throw new Error(`${response.url} responded with status ${response.status}`);
  }
  return response.arrayBuffer();
}

/** Returns the name of a value's class. Unlike `instanceof`, it knows classes of other realms, and needs no global. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/**
 * Reads a file in Node.js, whose `fetch` rejects file URLs. Gives `undefined` on other platforms. The module is requested
 * at run time because bundlers for browsers reject or warn about an import of `node:fs/promises`.
 */
async function readFile(file: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  const files = file.protocol === "file:" ? process?.getBuiltinModule?.("node:fs/promises") : undefined;
  return files?.readFile && new Uint8Array(await files.readFile(file));
}

type Made = WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource;

/** Starts the first module that turns out to be the engine. A second instance would not know the existing timelines. */
function use(instance: RunningModule): void {
  if (loaded) {
    return;
  }
  start(instance.exports);
  // A cached or foreign module may implement another engine version than this code, and compute other states.
  const version = engineVersion();
  if (version !== ENGINE_VERSION) {
    throw new Error(`the WebAssembly module has engine version ${version}, not ${ENGINE_VERSION}`);
  }
  loaded = true;
}

function loadError(cause: unknown): EngineError {
  return new EngineError("load_failed", "source", `the engine could not be loaded: ${reasonOf(cause)}`, {
    cause,
    mayPass: hasRequestFailed,
  });
}

/** Says once that the file is not used: the page works, but it loads a third more than it has to. */
function warn(cause: unknown): void {
  // biome-ignore lint/suspicious/noConsole: there is no error, and nobody else would tell the developer
  console.warn(
    `tickseed uses a copy of its WebAssembly file: ${reasonOf(cause)}. Use tickseed/inline or the option engine.`,
  );
}
