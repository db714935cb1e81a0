/** The page around the score: what it says, and what can be pressed. */
import type { Notice } from "./notice.js";
import { setData, within, write } from "./rows.js";
import type { Wish } from "./server.js";
import type { Verdict } from "./verdict.js";

/** What the page tells beside the score. */
export interface Facts {
  readonly bytes: string;
  readonly requests: string;
  readonly ticks: string;
  readonly clock: string;
  readonly asked: string;
}

/** The elements that `index.html` has. */
export class Page {
  readonly score = within(document, "#score");
  readonly #notice = within(document, "#notice");
  readonly #invite = within(document, "#invite");
  readonly #link = within(document, "#link") as HTMLInputElement;
  readonly #copy = within(document, "#copy") as HTMLButtonElement;
  readonly #stop = within(document, "#stop") as HTMLButtonElement;
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

  /** Says what is going on. Read out by screen readers, hence only when it changes. */
  say({ kind, words }: Notice): void {
    setData(this.#notice, "kind", kind);
    write(this.#notice, words);
  }

  /** What to do when a new session is wished for. */
  whenRenewed(act: (wish: Wish) => void): void {
    this.#renew.addEventListener("click", () => act(this.wish()));
  }

  /** What to do when the session shall be stopped. */
  whenStopped(act: () => void): void {
    this.#stop.addEventListener("click", act);
  }

  /** What the controls for a new session say. */
  wish(): Wish {
    const [min = 30, max = 80] = this.#breaks.value.split("-").map(Number);
    return { tick_ms: Number(this.#tick.value), rules: { break_interval: { min, max } } };
  }

  /** Whether a new session can be wished for. */
  allowRenewing(allowed: boolean): void {
    this.#renew.disabled = !allowed;
  }

  /** Whether the session can be stopped. */
  allowStopping(allowed: boolean): void {
    if (this.#stop.disabled === allowed) {
      this.#stop.disabled = !allowed;
    }
  }

  /** Shows a session: its link and its text. */
  present(link: string, text: string, bytes: string): void {
    this.#link.value = link;
    this.#copy.disabled = false;
    if (/^(localhost|127\.|\[::1\])/.test(location.hostname)) {
      // Another machine would look for the server in itself.
      const reach = "another tab (from a phone too, if the server listens on 0.0.0.0)";
      write(within(document, "#link-label"), `Watch this session from ${reach}`);
    }
    write(within(document, "#handout-text"), text);
    write(within(document, "#lead-bytes"), bytes);
    for (const element of [this.score, this.#facts, this.#handout, this.#invite]) {
      element.hidden = false;
    }
  }

  /** Hides what belonged to a session. */
  clear(): void {
    this.#link.value = "";
    this.#copy.disabled = true;
    this.allowStopping(false);
    for (const element of [this.score, this.#facts, this.#handout, this.#invite, this.#verdict]) {
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

  /** Shows the outcome of the comparison. */
  judge({ isGood, words, details, data }: Verdict): void {
    const verdict = this.#verdict;
    verdict.hidden = false;
    setData(verdict, "good", String(isGood));
    for (const [name, number] of Object.entries(data)) {
      setData(verdict, name, String(number));
    }
    const spoken = within(verdict, "#verdict-words");
    // A difference must not be missed; that all is well need not be said again and again.
    spoken.role = isGood ? null : "alert";
    write(spoken, words);
    write(within(verdict, "#verdict-details"), details);
  }

  async #copyLink(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#link.value);
      this.#sayCopied("Copied");
    } catch {
      // Without TLS browsers keep the clipboard to themselves, but still copy what is selected.
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
