/** One session on the page: four players, the server's own states, and the score that shows them. */
import type { State } from "tickseed";

import { type Agreement, compare } from "./agreement.js";
import { correction, type Exchange, hasSlept, type Reading } from "./clock.js";
import { highlightMs } from "./flash.js";
import { notice, type Refusal, refusalWords } from "./notice.js";
import {
  nextChange,
  type PaceWish,
  paceAt,
  paceRequest,
  paceToChange,
  positionAt,
  shortestTickMs,
} from "./pace.js";
import type { Page } from "./page.js";
import { CHARACTERS, type Handout, Player, type View } from "./players.js";
import type { Scene } from "./plot.js";
import { Row, type RowContent } from "./rows.js";
import { type Point, reach } from "./sawtooth.js";
import {
  type HandedOut,
  isSameVersion,
  type Server,
  type SessionAnswer,
  type StateAnswer,
} from "./server.js";
import { situation } from "./situation.js";
import { Comparisons } from "./verdict.js";
import { type Watcher, watch } from "./watch.js";
import { clockTime, count, counted, plusMinus, secondsLeft, tenthsAgo } from "./words.js";

/** How far ahead a stop is set, so that every page, asking once a second, hears of it in time. */
const STOP_NOTICE_MS = 2_000;
/** How often the curves move if the user prefers reduced motion. */
const CALM_PLOT_MS = 1_000;
/** The session and the time are all that a player ever requests. */
const REQUESTS_TO_PLAY = 2;

const ASKED_ONLY_TO_COMPARE = "Asked once a second, for comparison";

const LESS_MOTION = matchMedia("(prefers-reduced-motion: reduce)");

/** Reads the clocks of this machine. */
export interface Machine {
  readonly originMs: number;
  reading(): Reading;
  /** Converts the time since the page was opened to the time on the device's clock. */
  deviceUs(monotonicMs: number): number;
}

/** A session on the page. */
export class Demo implements Watcher {
  readonly #server: Server;
  readonly #page: Page;
  readonly #machine: Machine;
  readonly #bytes: number;
  readonly #players: readonly [Player, Row][];
  readonly #first: Player;
  readonly #serverRow: Row;
  readonly #ended = new AbortController();
  readonly #comparisons = new Comparisons();
  #session: SessionAnswer;
  #order: number;
  #settledUntil: number | undefined;
  #exchange: Exchange;
  /** When the time was last requested; undefined if it has to be requested again. */
  #syncedAt: Reading | undefined;
  #syncs = 1;
  #answers: { readonly instant: number; readonly state: State }[] = [];
  #asked = 0;
  #silence: { readonly since: number; readonly because: string } | undefined;
  #backSince: number | undefined;
  #refusal: Refusal | undefined;
  #isGone = false;

  constructor(
    server: Server,
    page: Page,
    machine: Machine,
    { session, text, order, settledUntil }: HandedOut,
    exchange: Exchange,
  ) {
    this.#server = server;
    this.#page = page;
    this.#machine = machine;
    this.#session = session;
    this.#order = order;
    this.#settledUntil = settledUntil;
    this.#exchange = exchange;
    const joined = machine.reading();
    this.#syncedAt = joined;
    this.#bytes = new TextEncoder().encode(text).length;
    const handout = { session, exchange };
    const players = CHARACTERS.map(
      (character) => new Player(character, handout, machine.originMs, joined.monotonicMs),
    );
    // Only after the players have accepted the session, which may need another engine version.
    page.present(location.href, text, `${count(this.#bytes)} bytes`);
    this.#players = players.map((player) => [
      player,
      new Row(page.score, player.character.id, player.character.name),
    ]);
    this.#first = players[0] as Player;
    this.#serverRow = new Row(page.score, "server", "Server");
  }

  /** Asks the server repeatedly until the demo ends. Rejects if the players cannot understand the session any more. */
  run(): Promise<void> {
    return watch(this.#server, this.#session, this, this.#ended.signal);
  }

  /** Ends the demo and clears the page. */
  end(): void {
    this.#ended.abort();
    for (const [player, row] of this.#players) {
      player.leave();
      row.remove();
    }
    this.#serverRow.remove();
    this.#page.clear();
  }

  /** Asks the server to stop the session for everybody, two seconds from now or as early as its notice allows. */
  async stop(): Promise<void> {
    const { id, notice_ms = 0 } = this.#session;
    const at = notice_ms > 0 ? undefined : this.#now() + STOP_NOTICE_MS;
    await this.#askAndRead(() => this.#server.stop(id, at));
  }

  /** Asks the server to pause the session for everybody, to resume it, or to change the length of its ticks. */
  async change(wish: PaceWish): Promise<void> {
    const request = paceRequest(this.#session, wish, this.#now());
    await this.#askAndRead(() => this.#server.change(this.#session.id, request));
  }

  async #askAndRead(ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
      this.#refusal = undefined;
    } catch (error) {
      this.#refusal = { at: this.#now(), words: refusalWords(error as Error) };
      return;
    }
    // If this fails, the next answer shows the change.
    const answer = await this.#server.session(this.#session.id).catch(() => undefined);
    if (answer !== undefined && !this.#ended.signal.aborted) {
      this.session(answer);
    }
  }

  session({ session, order, settledUntil }: HandedOut): void {
    this.#asked += 1;
    if (order < this.#order) {
      // A later request, after a click, was answered before this one.
      return;
    }
    if (!isSameVersion(this.#session, session)) {
      // Nothing of it is shown unless the players understand it.
      this.#tellPlayers({ session, exchange: this.#exchange });
      this.#session = session;
    }
    const wasSilent = this.#silence !== undefined;
    this.#order = order;
    this.#silence = undefined;
    this.#backSince = wasSilent ? this.#now() : this.#backSince;
    this.#settledUntil = settledUntil;
    if (this.#syncedAt === undefined || hasSlept(this.#syncedAt, this.#machine.reading())) {
      void this.#syncAgain();
    }
  }

  state(answer: StateAnswer): void {
    const { step, value, round, broken } = answer;
    const instant = Date.parse(answer.computed_at);
    const state = { step, value, round, broken };
    this.#asked += 1;
    this.#answers.push({ instant, state });
    this.#comparisons.add(this.#compare(state, instant));
  }

  silence({ message, cause }: Error): void {
    this.#silence ??= { since: this.#now(), because: cause === undefined ? message : "" };
  }

  gone(): void {
    this.#isGone = true;
  }

  /** Draws one frame. */
  frame(): void {
    // Read the clock once, so that all rows show the same moment.
    const { monotonicMs } = this.#machine.reading();
    for (const [player, row] of this.#players) {
      player.rejoinIfDue(monotonicMs);
      this.#showPlayer(player, row, player.see(monotonicMs));
    }
    const view = this.#first.see(monotonicMs);
    this.#showServer(view.instant);
    this.#showPage(view);
  }

  #now(): number {
    return this.#first.now(this.#machine.reading().monotonicMs);
  }

  get #stoppedAt(): number | undefined {
    return this.#session.stopped_at == null ? undefined : Date.parse(this.#session.stopped_at);
  }

  async #syncAgain(): Promise<void> {
    this.#syncedAt = this.#machine.reading();
    try {
      this.#exchange = await this.#server.time(this.#machine.deviceUs);
    } catch {
      // The server's next response triggers another attempt.
      this.#syncedAt = undefined;
      return;
    }
    if (!this.#ended.signal.aborted) {
      this.#syncs += 1;
      this.#tellPlayers({ session: this.#session, exchange: this.#exchange });
    }
  }

  #tellPlayers(handout: Handout): void {
    for (const [player] of this.#players) {
      player.hear(handout);
    }
  }

  #compare(expected: State, instant: number): Agreement {
    const computing = this.#players.map(([player]) => ({
      name: player.character.name,
      stateAt: (at: number) => player.stateAt(at),
    }));
    return compare(expected, instant, computing);
  }

  #showPlayer(player: Player, row: Row, view: View): void {
    const { startsInMs, instant } = view;
    const stoppedAt = this.#stoppedAt;
    const waits = startsInMs > 0 && (stoppedAt === undefined || instant < stoppedAt);
    row.show({
      state: view,
      instant,
      situation: situation(player, view, { stoppedAt, hasChanged: this.#hasSchedule }),
      instead: waits ? secondsLeft(startsInMs) : undefined,
      unit: waits ? "until the start" : "value",
      ...this.#highlight(view),
    });
    row.draw(this.#scene(player, instant));
  }

  #highlight({ broken, lastBreak }: View): Pick<RowContent, "brokeAfter" | "mayFlash"> {
    const { break_interval } = this.#session.rules;
    const lasts = highlightMs(break_interval.min, shortestTickMs(this.#session));
    const isHighlighted = lastBreak !== undefined && (broken || lastBreak.ageMs < lasts);
    return { brokeAfter: isHighlighted ? lastBreak.after : undefined, mayFlash: lasts > 0 };
  }

  #showServer(now: number): void {
    const row = this.#serverRow;
    const last = this.#answers.at(-1);
    const silentSince = this.#silence?.since;
    if (last === undefined) {
      row.wait(silentSince === undefined ? ASKED_ONLY_TO_COMPARE : noAnswer(silentSince));
    } else {
      const { state, instant } = last;
      row.show({
        state,
        instant,
        situation: silentSince === undefined ? ASKED_ONLY_TO_COMPARE : noAnswer(silentSince),
        unit: `asked ${tenthsAgo(now - instant)}`,
        brokeAfter: undefined,
        mayFlash: false,
      });
    }
    const scene = this.#scene(this.#first, now);
    row.draw({ ...scene, dots: this.#dots(scene) });
  }

  /** Returns the server's states as points of the plot, and forgets those that have left it. */
  #dots({ stretch }: Scene): readonly Point[] {
    this.#answers = this.#answers.filter(
      ({ instant }, index) => this.#position(instant) >= stretch.from || index === this.#answers.length - 1,
    );
    return this.#answers.map(({ instant, state }) => [this.#position(instant), state.value]);
  }

  /** Returns the number of ticks from the start to an instant, or to the stop if that is earlier. */
  #position(instant: number): number {
    return positionAt(this.#session, Math.min(instant, this.#stoppedAt ?? instant));
  }

  get #hasSchedule(): boolean {
    return (this.#session.schedule ?? []).length > 0;
  }

  #scene(player: Player, instant: number): Scene {
    const { break_interval } = this.#session.rules;
    const now = this.#position(LESS_MOTION.matches ? instant - (instant % CALM_PLOT_MS) : instant);
    const { back, ahead } = reach(break_interval);
    return {
      rounds: player,
      now,
      stretch: { from: now - back, to: now + ahead },
      end: this.#stoppedAt === undefined ? undefined : this.#position(this.#stoppedAt),
      settled: this.#settledUntil === undefined ? undefined : this.#position(this.#settledUntil),
      top: break_interval.max + 1,
    };
  }

  #showPage(view: View): void {
    const { step, instant } = view;
    const stoppedAt = this.#stoppedAt;
    this.#page.say(
      notice({
        now: instant,
        startsAt: Date.parse(this.#session.start_at),
        stoppedAt,
        step,
        pace: paceAt(this.#session, instant),
        nextChange: nextChange(this.#session, instant),
        silentSince: this.#silence?.since,
        silentBecause: this.#silence?.because ?? "",
        backSince: this.#backSince,
        refusal: this.#refusal,
        isGone: this.#isGone,
      }),
    );
    const isOpen = stoppedAt === undefined && this.#silence === undefined && !this.#isGone;
    this.#page.allowStopping(isOpen);
    this.#page.showPace(paceToChange(this.#session, instant), isOpen && step > 0);
    this.#page.showSettled(this.#settledUntil);
    this.#page.tell({
      bytes: counted(this.#bytes, "byte"),
      requests: counted(REQUESTS_TO_PLAY + this.#syncs - 1, "request"),
      ticks: counted(step - (this.#first.joinedStep ?? 0), "tick"),
      clock: plusMinus(correction(this.#exchange).boundUs),
      asked: `This page has asked the server ${counted(this.#asked, "time")}, only to compare and to hear of changes.`,
    });
    const verdict =
      this.#silence === undefined
        ? this.#comparisons.verdict()
        : this.#comparisons.verdictWithout(this.#compare(view, instant), this.#silence.since);
    if (verdict !== undefined) {
      this.#page.judge(verdict);
    }
  }
}

function noAnswer(since: number): string {
  return `No answer since ${clockTime(since)}`;
}
