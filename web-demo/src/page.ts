/** The page around the score: its texts and controls. */
import type { Notice } from "./notice.js";
import type { Pace, PaceWish } from "./pace.js";
import { setData, within, write } from "./rows.js";
import type { Wish } from "./server.js";
import type { Verdict } from "./verdict.js";

/** The texts beside the score. */
export interface Facts {
  readonly bytes: string;
  readonly requests: string;
  readonly ticks: string;
  readonly clock: string;
  readonly asked: string;
}

/** The elements of `index.html`. */
export class Page {
  readonly score = within(document, "#score");
  readonly #notice = within(document, "#notice");
  readonly #invite = within(document, "#invite");
  readonly #link = within(document, "#link") as HTMLInputElement;
  readonly #copy = within(document, "#copy") as HTMLButtonElement;
  readonly #stop = within(document, "#stop") as HTMLButtonElement;
  readonly #pause = within(document, "#pause") as HTMLButtonElement;
  readonly #rates = [...document.querySelectorAll<HTMLButtonElement>("#rates button")];
  readonly #pace = within(document, "#pace");
  readonly #settled = within(document, "#legend-settled");
  readonly #noticeMs = within(document, "#notice-ms") as HTMLSelectElement;
  readonly #renew = within(document, "#renew") as HTMLButtonElement;
  readonly #tick = within(document, "#tick") as HTMLSelectElement;
  readonly #breaks = within(document, "#breaks") as HTMLSelectElement;
  readonly #verdict = within(document, "#verdict");
  readonly #facts = within(document, "#facts");
  readonly #handout = within(document, "#handout");

  constructor() {
    this.#copy.addEventListener("click", () => void this.#copyLink());
    this.#link.addEventListener("focus", () => this.#link.select());
  }

  /** Shows the notice. Screen readers read it out, so it is written only when it changes. */
  say({ kind, words }: Notice): void {
    setData(this.#notice, "kind", kind);
    write(this.#notice, words);
  }

  /** Registers the handler for a request for a new session. */
  whenRenewed(act: (wish: Wish) => void): void {
    this.#renew.addEventListener("click", () => act(this.wish()));
  }

  /** Registers the handler for a request to stop the session. */
  whenStopped(act: () => void): void {
    this.#stop.addEventListener("click", act);
  }

  /** Registers the handler for a request to pause the session, to resume it, or to change the length of its ticks. */
  whenPaced(act: (wish: PaceWish) => void): void {
    this.#pause.addEventListener("click", () => act(this.#pause.dataset.wish as PaceWish));
    for (const rate of this.#rates) {
      rate.addEventListener("click", () => act(Number(rate.dataset.tick)));
    }
  }

  /** Returns the settings for a new session from the controls. */
  wish(): Wish {
    const [min = 30, max = 80] = this.#breaks.value.split("-").map(Number);
    return {
      tick_ms: Number(this.#tick.value),
      rules: { break_interval: { min, max } },
      notice_ms: Number(this.#noticeMs.value),
    };
  }

  /** Enables or disables the button for a new session. */
  allowRenewing(allowed: boolean): void {
    this.#renew.disabled = !allowed;
  }

  /** Enables or disables the button that stops the session. */
  allowStopping(allowed: boolean): void {
    setDisabled(this.#stop, !allowed);
  }

  /** Shows the pace that the controls change, and enables or disables them. */
  showPace({ isPaused, tickMs }: Pace, allowed: boolean): void {
    setData(this.#pause, "wish", isPaused ? "resume" : "pause");
    write(this.#pause, isPaused ? "Resume" : "Pause");
    setDisabled(this.#pause, !allowed);
    for (const rate of this.#rates) {
      const isCurrent = Number(rate.dataset.tick) === tickMs;
      setDisabled(rate, !allowed || (isCurrent && !isPaused));
      setPressed(rate, isCurrent);
    }
  }

  /** Shows until when the session is settled, in a data attribute for tests, and explains the colour of that part. */
  showSettled(until: number | undefined): void {
    setData(this.score, "settledUntil", String(until ?? ""));
    setHidden(this.#settled, until === undefined);
  }

  /** Shows a session: its link and its text. */
  present(link: string, text: string, bytes: string): void {
    this.#link.value = link;
    this.#copy.disabled = false;
    if (/^(localhost|127\.|\[::1\])/.test(location.hostname)) {
      // On another machine, this address would point to that machine.
      const where = "in another tab (or on a phone, if the server listens on 0.0.0.0)";
      write(within(document, "#link-label"), `Watch this session ${where}`);
    }
    write(within(document, "#handout-text"), text);
    write(within(document, "#lead-bytes"), bytes);
    for (const element of [this.score, this.#pace, this.#facts, this.#handout, this.#invite]) {
      element.hidden = false;
    }
  }

  /** Hides everything that belongs to a session. */
  clear(): void {
    this.#link.value = "";
    this.#copy.disabled = true;
    this.allowStopping(false);
    this.#pause.disabled = true;
    const shown = [this.score, this.#pace, this.#facts, this.#handout, this.#invite, this.#verdict];
    for (const element of shown) {
      element.hidden = true;
    }
  }

  /** Shows the facts. */
  tell({ bytes, requests, ticks, clock, asked }: Facts): void {
    write(within(document, "#fact-bytes"), bytes);
    write(within(document, "#fact-requests"), requests);
    write(within(document, "#fact-ticks"), ticks);
    write(within(document, "#fact-clock"), clock);
    write(within(document, "#asked"), asked);
  }

  /** Shows the result of the comparison. */
  judge({ isGood, words, details, data }: Verdict): void {
    const verdict = this.#verdict;
    setHidden(verdict, false);
    setData(verdict, "good", String(isGood));
    for (const [name, number] of Object.entries(data)) {
      setData(verdict, name, String(number));
    }
    const spoken = within(verdict, "#verdict-words");
    // Announce a difference, which nobody should miss, but not every successful check.
    const role = isGood ? null : "alert";
    if (spoken.role !== role) {
      spoken.role = role;
    }
    write(spoken, words);
    write(within(verdict, "#verdict-details"), details);
  }

  async #copyLink(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#link.value);
      this.#sayCopied("Copied");
    } catch {
      // Without TLS, browsers block the clipboard but still copy a selection.
      this.#link.focus({ preventScroll: true });
      this.#link.select();
      this.#sayCopied(document.execCommand("copy") ? "Copied" : "Selected");
    }
  }

  #sayCopied(words: string): void {
    write(this.#copy, words);
    setTimeout(() => write(this.#copy, "Copy link"), 2_000);
  }
}

/** Enables or disables a button only if that changes it, as all of these do, because the page calls them every frame. */
function setDisabled(button: HTMLButtonElement, isDisabled: boolean): void {
  if (button.disabled !== isDisabled) {
    button.disabled = isDisabled;
  }
}

function setPressed(button: HTMLButtonElement, isPressed: boolean): void {
  if (button.ariaPressed !== String(isPressed)) {
    button.ariaPressed = String(isPressed);
  }
}

function setHidden(element: HTMLElement, isHidden: boolean): void {
  if (element.hidden !== isHidden) {
    element.hidden = isHidden;
  }
}
