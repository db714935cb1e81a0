/** The setup of the browser tests: the server, the page, and a network for each viewer. */
import { setTimeout as timer } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { CreateSessionBody } from "../../src/http/schemas.js";
import type { CatchUp } from "../../src/index.js";
import { type Served, serve } from "../packaging/served.js";
import type { Browser, Tab } from "./browsers.js";
import { TRUTH } from "./machines.js";
import { type Delays, startProxy, type TcpProxy } from "./proxy.js";
import { type Happened, happened, lastSample, record, type Sample, samples } from "./recorder.js";
import { TestServer } from "./server.js";
import { until } from "./until.js";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** Breaks about every three seconds with the tests' usual tick. */
const OFTEN = { break_interval: { min: 10, max: 50 } };

/** A network that is no obstacle. */
export const NEAR: Delays = { there: { fixedMs: 5 }, back: { fixedMs: 5 } };

/** A slow network, and slower in one direction than in the other. */
export const FAR: Delays = { there: { fixedMs: 40 }, back: { fixedMs: 120 } };

/** The options of a viewer. */
export interface View<AnyTab extends Tab> {
  readonly browser: Browser<AnyTab>;
  readonly session: string;
  /** The port to connect to, instead of that of the stage's server. */
  readonly port?: number;
  readonly delays?: Delays;
  /** Prepare the page's machine. */
  readonly scripts?: readonly string[];
  readonly catchUp?: CatchUp;
}

/** A viewer of a session. */
export interface Viewer<AnyTab extends Tab = Tab> {
  readonly tab: AnyTab;
  readonly network: TcpProxy;
  happened(): Promise<readonly Happened[]>;
  samples(): Promise<readonly Sample[]>;
  /** Waits for a sample after an instant of the server's time. */
  isAskedAfter(instant: number): Promise<void>;
}

/** A server, and a page from another origin. */
export class Stage {
  readonly server = new TestServer();
  readonly #networks: TcpProxy[] = [];
  readonly #tabs: Tab[] = [];
  #site: Served | undefined;

  async build(): Promise<void> {
    this.#site = await serve(PACKAGE, {});
    await this.server.start();
  }

  /** Creates a session that has been running for a while. Returns its id. */
  async create(session: Partial<CreateSessionBody> = {}): Promise<string> {
    const start_at = new Date(Date.now() - 60_000).toISOString();
    const { id } = await this.server.create({ tick_ms: 100, rules: OFTEN, start_at, ...session });
    return id;
  }

  /** Adds a viewer with a separate network. */
  async look<AnyTab extends Tab>(view: View<AnyTab>): Promise<Viewer<AnyTab>> {
    const network = await startProxy(view.port ?? this.server.port, view.delays);
    this.#networks.push(network);
    const address = `${this.#site?.url}/test/browser/page.html`;
    const tab = await view.browser.open(address, [TRUTH, ...(view.scripts ?? [])]);
    this.#tabs.push(tab);
    await record(tab, `${network.address}/v1/sessions/${view.session}`, view.catchUp);
    return {
      tab,
      network,
      happened: () => happened(tab),
      samples: () => samples(tab),
      isAskedAfter: async (instant) => {
        const isLater = async (): Promise<boolean> => ((await lastSample(tab))?.beforeMs ?? 0) > instant;
        await until(`a sample after ${instant}`, isLater, instant - Date.now() + 10_000);
      },
    };
  }

  /** Closes all viewers. */
  async clear(): Promise<void> {
    await Promise.all(this.#tabs.splice(0).map((tab) => tab.close()));
    await Promise.all(this.#networks.splice(0).map((network) => network.close()));
  }

  async remove(): Promise<void> {
    await this.clear();
    await this.server.remove();
    await this.#site?.stop();
  }
}

/** Lets real time pass, as part of what a test simulates. Never used to wait for an effect. */
export async function pass(ms: number): Promise<void> {
  await timer(ms);
}
