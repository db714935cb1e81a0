/** Sessions in several tabs of one browser, in virtual time. */
import type { LiveSession } from "../../src/index.js";
import type { Platform } from "../../src/platform.js";
// Loaded in advance, because loading takes real time.
import "../../src/session/shared-stream.js";
import { reactions } from "../../src/testing/virtual/agenda.js";
import { HttpWorld, RECORD } from "../world/http-world.js";
import { VirtualBrowser, type VirtualTab } from "../world/virtual-browser.js";

/** A tab and its session. */
export interface SessionTab {
  readonly tab: VirtualTab;
  readonly session: LiveSession;
}

/** How often tests look at what can be wrong for a moment only. */
const LOOK_EVERY_MS = 50;

/** A browser whose tabs watch sessions of one server. */
export class TabsHarness {
  readonly world = new HttpWorld();
  readonly browser = new VirtualBrowser(this.world);
  /** All that were opened. */
  readonly tabs: SessionTab[] = [];
  /** The most streams that existed at a time. */
  mostStreams = 0;
  readonly #platform: Partial<Platform>;

  /** @param platform The parts of the platform to replace. */
  constructor(platform: Partial<Platform> = {}) {
    this.#platform = platform;
  }

  /** Opens tabs with a session, one after the other. */
  async open(count: number, sessionOf: (index: number) => string = () => RECORD.id): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const tab = this.browser.open();
      const address = this.world.server.store({ id: sessionOf(index), notice_ms: this.noticeMs });
      const session = await this.world.connect(address, { platform: { ...tab.platform, ...this.#platform } });
      this.tabs.push({ tab, session });
      // The chunk is loaded, but its promise is not yet settled.
      await reactions();
      await reactions();
      await this.pass(200);
    }
  }

  /** The notice of all sessions. */
  noticeMs = 0;

  /** Lets time pass, and counts streams. */
  async pass(ms: number): Promise<void> {
    const { agenda, server } = this.world;
    const end = agenda.now + ms;
    while (agenda.now < end) {
      await this.world.pass(Math.min(LOOK_EVERY_MS, end - agenda.now));
      this.mostStreams = Math.max(this.mostStreams, server.streams.size);
    }
  }

  /** The tab that holds the lock. */
  get leader(): SessionTab {
    const holder = this.browser.locks.holder("tickseed stream 1 https://ticks.example");
    const leader = this.tabs.find(({ tab }) => tab === holder);
    if (leader === undefined) {
      throw new Error("no tab leads");
    }
    return leader;
  }

  /** The tabs that do not hold the lock. */
  get followers(): readonly SessionTab[] {
    const { leader } = this;
    return this.tabs.filter((tab) => tab !== leader);
  }

  /** Returns the number of requests for sessions that all tabs send in a time. */
  async requestsWithin(ms: number): Promise<number> {
    const count = (): number => this.world.server.requestsTo("/v1/sessions").length;
    const before = count();
    await this.pass(ms);
    return count() - before;
  }
}
