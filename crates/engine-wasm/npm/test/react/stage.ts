/** A component that shows a session, in a document without a screen and a virtual world. */
import { createRequire } from "node:module";
import type { ReactElement } from "react";

import { loadEngine, type SessionView } from "../../src/index.js";
import { SessionProvider, type UseSessionOptions, useSession } from "../../src/react.js";
import { HttpWorld } from "../world/http-world.js";

/** Its own types fail a strict check. */
const { parseHTML } = createRequire(import.meta.url)("linkedom") as {
  parseHTML(page: string): { readonly window: object; readonly document: Document };
};

/** How often React can run, in milliseconds. */
const TURN_MS = 50;

/** The part of React that the tests use. */
export interface React {
  readonly version: string;
  createElement(type: unknown, properties: unknown, ...children: unknown[]): ReactElement;
  act(run: () => Promise<unknown>): Promise<unknown>;
  readonly StrictMode: unknown;
  createRoot(element: unknown): Root;
  hydrateRoot(
    element: unknown,
    node: ReactElement,
    options: { onRecoverableError(error: unknown): void },
  ): Root;
  renderToString(node: ReactElement): string;
}

interface Root {
  render(node: unknown): void;
  unmount(): void;
}

/** The props of the component. */
export interface Given {
  readonly address: string | URL | null | undefined;
  readonly options?: UseSessionOptions | undefined;
  /** Shows this part of the view. */
  readonly selector?: ((view: SessionView) => unknown) | undefined;
  readonly isEqual?: ((one: unknown, other: unknown) => boolean) | undefined;
  /** Is called at each rendering. */
  readonly rendered?: (() => void) | undefined;
}

/** React DOM reads these when it is imported. */
export function prepareDocument(): void {
  const { window, document } = parseHTML("<!doctype html><html><body></body></html>");
  Object.assign(window, { location: { protocol: "http:" } });
  Object.assign(globalThis, { window, document, IS_REACT_ACT_ENVIRONMENT: true });
  if (!("navigator" in globalThis)) {
    Object.assign(globalThis, { navigator: { userAgent: "" } });
  }
}

/** A root in the document, and all views that the component has rendered. */
export class Stage {
  readonly world = new HttpWorld();
  readonly views: SessionView[] = [];
  /** All parts that the component has rendered. */
  readonly parts: unknown[] = [];
  readonly #react: React;
  readonly #element: HTMLElement;
  #root: Root;
  readonly #platform = this.world.platform;

  constructor(react: React) {
    this.#react = react;
    this.#element = document.createElement("div");
    this.#root = react.createRoot(this.#element);
  }

  /** The displayed text. */
  get text(): string {
    return this.#element.textContent ?? "";
  }

  /** The last view of the component. */
  get view(): SessionView {
    const view = this.views.at(-1);
    if (view === undefined) {
      throw new Error("nothing was rendered yet");
    }
    return view;
  }

  /** Renders components, each with its own inputs, by default with the engine loaded. */
  async render(given: Given | readonly Given[], strict = false, isLoaded = true): Promise<void> {
    if (isLoaded) {
      await loadEngine();
    }
    const { createElement, StrictMode } = this.#react;
    const element = this.element(given);
    await this.act(async () =>
      this.#root.render(strict ? createElement(StrictMode, null, element) : element),
    );
  }

  /** The elements of components, inside a provider of the virtual world. */
  element(given: Given | readonly Given[]): ReactElement {
    const { createElement } = this.#react;
    const components = [given]
      .flat()
      .map((one: Given) => createElement(one.selector === undefined ? this.#whole : this.#part, one));
    return createElement(SessionProvider, { platform: this.#platform }, ...components);
  }

  /** Renders what a server has rendered. Returns what React says against it. */
  async hydrate(given: Given): Promise<unknown[]> {
    await loadEngine();
    const { renderToString, hydrateRoot } = this.#react;
    const complaints: unknown[] = [];
    await this.unmount();
    this.#element.innerHTML = renderToString(this.element(given));
    const onRecoverableError = (error: unknown): void => void complaints.push(error);
    const hydrate = (): Root => hydrateRoot(this.#element, this.element(given), { onRecoverableError });
    await this.act(async () => {
      this.#root = hydrate();
      await Promise.resolve();
    });
    return complaints;
  }

  async unmount(): Promise<void> {
    await this.act(async () => this.#root.unmount());
  }

  /** Lets time pass, and React render. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= TURN_MS) {
      await this.act(() => this.world.pass(Math.min(left, TURN_MS)));
    }
  }

  async act(run: () => Promise<unknown>): Promise<void> {
    await this.#react.act(run);
  }

  readonly #whole = ({ address, options, rendered }: Given): string => {
    rendered?.();
    const view = useSession(address, options);
    this.views.push(view);
    return view.error === undefined ? String(view.state?.step ?? "connecting") : String(view.error);
  };

  readonly #part = ({ address, options, selector = () => undefined, isEqual, rendered }: Given): string => {
    rendered?.();
    const part = useSession(address, options, selector, isEqual);
    this.parts.push(part);
    return String(part);
  };
}
