/** A session watcher in a virtual world, and its reports. */
import { sessionAddress } from "../../src/http/address.js";
import type { SessionRecord } from "../../src/http/schemas.js";
import type { SessionAnswer } from "../../src/http/session-answer.js";
import type { Platform } from "../../src/platform.js";
import type { SessionFailure } from "../../src/session/events.js";
import { SessionWatcher } from "../../src/session/watcher.js";
import { HttpWorld } from "../world/http-world.js";

type Report = number | boolean | "expired" | "final";

/** A watcher and its reports. */
export class WatcherHarness {
  readonly world = new HttpWorld();
  /** All reports in order: the revision of a session, whether the stream is open, and the end of the session. */
  readonly reported: Report[] = [];
  /** Called at each report. */
  onReport: (reported: Report) => void = () => undefined;
  /** All answers, and all promises from the stream. */
  readonly answers: SessionAnswer[] = [];
  readonly promises: [etag: string, settledUntil: number][] = [];
  readonly failures: SessionFailure[] = [];
  /** Whether the session is in doubt. */
  isInDoubt = false;
  /** Whether the next response is final. */
  isFinal = false;
  readonly watcher: SessionWatcher;
  readonly path: string;

  /** @param changes The parts of the platform to replace. */
  constructor(
    changes: Partial<Platform> = {},
    prepare: (world: HttpWorld) => void = () => undefined,
    session: Partial<SessionRecord> = {},
  ) {
    const address = this.world.server.store(session);
    this.path = new URL(address).pathname;
    prepare(this.world);
    const tell = (reported: Report): void => {
      this.reported.push(reported);
      this.onReport(reported);
    };
    this.watcher = new SessionWatcher({ ...this.world.platform, ...changes }, sessionAddress(address), {
      noticeMs: session.notice_ms ?? 0,
      session: (answer) => {
        this.answers.push(answer);
        tell(answer.record.revision);
        return !this.isInDoubt;
      },
      settled: (etag, settledUntil) => {
        this.promises.push([etag, settledUntil]);
        return etag === this.answers.at(-1)?.etag;
      },
      listening: tell,
      expired: () => tell("expired"),
      isFinal: () => this.isFinal,
      final: () => tell("final"),
      failed: (failure) => this.failures.push(failure),
    });
  }

  /** The only stream. */
  get stream() {
    const [stream, ...others] = this.world.server.streams;
    if (stream === undefined || others.length > 0) {
      throw new Error(`there are ${this.world.server.streams.size} streams`);
    }
    return stream;
  }

  /** The times of requests for the session, in milliseconds since the world began. */
  get askedAt(): number[] {
    return this.world.server.requestsTo(this.path).map(({ atMs }) => atMs);
  }
}
