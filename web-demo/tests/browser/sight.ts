/** What a visitor sees, as data. */

/** A player's card. */
export interface Card {
  readonly player: string;
  readonly step: number;
  readonly value: number;
  readonly round: number;
  readonly isBroken: boolean;
  readonly status: string;
  /** The server's time as the player knows it, and its maximum error, in milliseconds. */
  readonly now: number;
  readonly errorMs: number;
  readonly requests: number;
  readonly joinedMs: number;
  readonly isWrong: boolean;
  readonly badge: string;
  readonly note: string;
}

/** Everything that the page shows at one moment. */
export interface Sight {
  readonly cards: readonly Card[];
  readonly counter: string;
  readonly verdict: {
    readonly kind: "agree" | "disagree" | "unknown" | undefined;
    readonly words: string;
    readonly details: string;
    readonly role: string | null;
    readonly comparisons: number;
    readonly serverComparisons: number;
    readonly differences: number;
    readonly questions: number;
  };
  readonly host: string;
}

/** Reads the page. Runs in the page, so it can use nothing but the page. */
export function readSight(): Sight {
  const text = (root: ParentNode | null, selector: string): string =>
    root?.querySelector(selector)?.textContent?.trim() ?? "";
  const cards = [...document.querySelectorAll<HTMLElement>("[data-player]")].map((card) => ({
    player: card.dataset.player ?? "",
    step: Number(card.dataset.step ?? Number.NaN),
    value: Number(card.dataset.value ?? Number.NaN),
    round: Number(card.dataset.round ?? Number.NaN),
    isBroken: card.dataset.broken === "true",
    status: card.dataset.status ?? "",
    now: Number(card.dataset.now ?? Number.NaN),
    errorMs: Number(card.dataset.errorMs ?? Number.NaN),
    requests: Number(card.dataset.requests),
    joinedMs: Number(card.dataset.joinedMs ?? Number.NaN),
    isWrong: card.dataset.wrong !== undefined,
    badge: text(card, ".badge"),
    note: text(card, ".card-note"),
  }));
  const verdict = document.querySelector<HTMLElement>("#verdict");
  return {
    cards,
    counter: text(document, ".counter-value"),
    verdict: {
      kind: verdict?.dataset.verdict as Sight["verdict"]["kind"],
      words: text(verdict, ".verdict-words"),
      details: text(verdict, ".verdict-details"),
      role: verdict?.querySelector(".verdict-words")?.getAttribute("role") ?? null,
      comparisons: Number(verdict?.dataset.comparisons),
      serverComparisons: Number(verdict?.dataset.serverComparisons),
      differences: Number(verdict?.dataset.differences),
      questions: Number(verdict?.dataset.questions),
    },
    host: text(document, ".host-words"),
  };
}
