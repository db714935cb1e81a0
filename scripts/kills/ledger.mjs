/** What the server has acknowledged, and so may never lose. */

/** A session and what was acknowledged about it. */
export class Entry {
  /** Whether a request about the session was sent and never answered, so that it may have had its effect or not. */
  isPending = false;
  isDeleted = false;

  constructor(text) {
    this.text = text;
  }

  get id() {
    return idOf(this.text);
  }

  /** Notes the answer to a stop, which says only when the session stops. */
  stopped(answer) {
    const { stopped_at } = JSON.parse(answer);
    const { expires_at, revision, ...session } = JSON.parse(this.text);
    this.text = JSON.stringify({ ...session, status: "stopped", stopped_at, expires_at, revision: revision + 1 });
  }

  /** Returns whether the server may say this about the session; `text` is `undefined` if it says that there is none. */
  allows(text) {
    if (this.isDeleted) return text === undefined;
    if (text === this.text) return true;
    // The last request may have deleted or changed it. One request makes one revision.
    return this.isPending && (text === undefined || revisionOf(text) === revisionOf(this.text) + 1);
  }
}

export class Ledger {
  sessions = new Map();
  /** The answers to requests with an idempotency key, by that key. */
  answers = new Map();
  /** The names of the sessions that were asked for and never acknowledged. */
  maybe = new Set();
  counts = { creates: 0, "creates with a key": 0, "pauses and resumes": 0, stops: 0, deletes: 0 };
  /** What does not agree, in words. */
  lost = [];

  get acknowledged() {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  add(text) {
    const entry = new Entry(text);
    this.sessions.set(entry.id, entry);
    return entry;
  }

  /** Checks what the server says about a session. `text` is `undefined` if it says that there is none. */
  check(id, text) {
    const entry = this.sessions.get(id);
    if (entry === undefined) {
      if (!this.maybe.has(JSON.parse(text).metadata.name)) this.lost.push(`${id} was never asked for, and is ${inShort(text)}`);
    } else if (!entry.allows(text)) {
      this.lost.push(`${id} was acknowledged as ${entry.isDeleted ? "deleted" : inShort(entry.text)}, and is ${inShort(text)}`);
    }
  }

  /** Takes what the server says for what is true, once a request without an answer has been looked into. */
  settle(id, text) {
    const entry = this.sessions.get(id);
    if (!entry.isPending) return;
    entry.isPending = false;
    entry.isDeleted = text === undefined;
    entry.text = text ?? entry.text;
  }
}

export const idOf = (text) => /"id":"(sess_[^"]*)"/.exec(text)?.[1];

const revisionOf = (text) => Number(/"revision":(\d+)\}$/.exec(text)?.[1]);

/** Says what can differ, without the seed. */
function inShort(text) {
  if (text === undefined) return "gone";
  const { status, schedule, revision } = JSON.parse(text);
  return `${status} with ${schedule.length} changes in revision ${revision}`;
}
