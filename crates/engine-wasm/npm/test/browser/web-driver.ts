/** A client of WebDriver, the protocol that all browsers have in common. */
import { until } from "./until.js";

/** The name of a window in the protocol. */
type Handle = string;

/** A session of WebDriver: a browser with its windows. */
export class WebDriver {
  readonly #session: string;
  /** The window that the browser starts with. It stays, because a browser without a window ends. */
  readonly #first: Handle;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(session: string, first: Handle) {
    this.#session = session;
    this.#first = first;
  }

  /** Starts a browser, as soon as its driver answers at an address. */
  static async start(driver: string, capabilities: object): Promise<WebDriver> {
    await until("the browser's driver", () => isReady(driver));
    const content = { capabilities: { alwaysMatch: capabilities } };
    const { sessionId } = (await command(`${driver}/session`, "POST", content)) as { sessionId: string };
    const session = `${driver}/session/${sessionId}`;
    return new WebDriver(session, (await command(`${session}/window`, "GET")) as Handle);
  }

  /** Opens a window and returns its handle. */
  open(): Promise<Handle> {
    // A command needs a window that is open, and the last one may have been closed.
    return this.#in(this.#first, async () => {
      const { handle } = (await this.#post("/window/new", { type: "window" })) as { handle: Handle };
      return handle;
    });
  }

  /** Loads an address into a window. */
  async load(window: Handle, address: string): Promise<void> {
    await this.#in(window, () => this.#post("/url", { url: address }));
  }

  /** Runs the body of an asynchronous function in a window, and returns its result. It must be JSON. */
  run(window: Handle, body: string): Promise<unknown> {
    const script = `const end = arguments[arguments.length - 1];
      (async () => { ${body} })().then((result) => end({ result }), (error) => end({ error: String(error) }));`;
    return this.#in(window, async () => {
      const done = await this.#post("/execute/async", { script, args: [] });
      const { result, error } = done as { result?: unknown; error?: string };
      if (error !== undefined) {
        throw new Error(`in the page: ${error}`);
      }
      return result;
    });
  }

  /** Closes a window. */
  async close(window: Handle): Promise<void> {
    await this.#in(window, () => command(`${this.#session}/window`, "DELETE"));
  }

  /** Ends the browser. */
  async end(): Promise<void> {
    await this.#inTurn(() => command(this.#session, "DELETE"));
  }

  #in<Result>(window: Handle, run: () => Promise<Result>): Promise<Result> {
    return this.#inTurn(async () => {
      await this.#post("/window", { handle: window });
      return await run();
    });
  }

  /** Runs one thing after the other, because all commands go to the window that was chosen last. */
  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #post(path: string, content: object): Promise<unknown> {
    return command(this.#session + path, "POST", content);
  }
}

async function isReady(driver: string): Promise<boolean> {
  try {
    const { ready } = (await command(`${driver}/status`, "GET")) as { ready: boolean };
    return ready;
  } catch {
    return false;
  }
}

async function command(
  address: string,
  method: "GET" | "POST" | "DELETE",
  content?: object,
): Promise<unknown> {
  const body = content === undefined ? {} : { body: JSON.stringify(content) };
  const response = await fetch(address, { method, ...body });
  const { value } = (await response.json()) as { value: unknown };
  if (!response.ok) {
    const { error, message } = value as { error: string; message: string };
    throw new Error(`${method} ${new URL(address).pathname}: ${error}: ${message}`);
  }
  return value;
}
