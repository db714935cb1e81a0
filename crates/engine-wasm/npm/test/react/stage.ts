/** A component that shows a session, in a document without a screen and a virtual world. */
import { createRequire } from "node:module";
import type { ReactElement } from "react";

import { type Connect, connect, loadEngine } from "../../src/index.js";
import { type SessionView, type UseSessionOptions, useConnected } from "../../src/react/use-connected.js";
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
  createRoot(element: unknown): { render(node: unknown): void; unmount(): void };
  renderToString(node: ReactElement): string;
}

/** The props of the component. */
export interface Given {
  readonly address: string | URL | null | undefined;
  readonly options?: UseSessionOptions | undefined;
  readonly connect?: Connect;
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
  readonly #react: React;
  readonly #element: HTMLElement;
  readonly #root: ReturnType<React["createRoot"]>;

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

  /** Renders the component, by default with the engine loaded. */
  async render(given: Given, strict = false, isLoaded = true): Promise<void> {
    if (isLoaded) {
      await loadEngine();
    }
    const { createElement, StrictMode } = this.#react;
    const element = this.element(given);
    await this.act(async () =>
      this.#root.render(strict ? createElement(StrictMode, null, element) : element),
    );
  }

  /** The component element. */
  element(given: Given): ReactElement {
    return this.#react.createElement(this.#component, given);
  }

  async unmount(): Promise<void> {
    await this.act(async () => this.#root.unmount());
  }

  /** Unmounts at once. */
  unmountNow(): void {
    this.#root.unmount();
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

  readonly #component = ({ address, options, connect: other }: Given): string => {
    const view = useConnected(other ?? connect, address, { platform: this.world.platform, ...options });
    this.views.push(view);
    return view.error === undefined ? String(view.state?.step ?? "connecting") : String(view.error);
  };
}
