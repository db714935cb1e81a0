/** News of a session in a virtual world, and what they tell. */
import { sessionAddress } from "../../src/http/address.js";
import type { Platform } from "../../src/platform.js";
import { SessionWatcher } from "../../src/session/watcher.js";
import { HttpWorld } from "../world/http-world.js";

type Told = number | boolean | "expired" | "final";

/** Who follows a session, and what they were told. */
export class Watching {
  readonly world = new HttpWorld();
  /** All that was told, in order: the revision of a session, whether news arrive by themselves, that it has expired. */
  readonly told: Told[] = [];
  /** What is done whenever something is told. */
  whenTold: (told: Told) => void = () => undefined;
  /** Whether what the server answers now is for good. */
  isFinal = false;
  readonly watcher: SessionWatcher;
  readonly path: string;

  /** @param changes What the platform has in place of what the world gives. */
  constructor(changes: Partial<Platform> = {}, prepare: (world: HttpWorld) => void = () => undefined) {
    const address = this.world.server.keep();
    this.path = new URL(address).pathname;
    prepare(this.world);
    const tell = (told: Told): void => {
      this.told.push(told);
      this.whenTold(told);
    };
    this.watcher = new SessionWatcher({ ...this.world.platform, ...changes }, sessionAddress(address), {
      session: ({ revision }) => tell(revision),
      listening: tell,
      expired: () => tell("expired"),
      isFinal: () => this.isFinal,
      final: () => tell("final"),
    });
  }

  /** The one stream that there is. */
  get stream() {
    const [stream, ...others] = this.world.server.streams;
    if (stream === undefined || others.length > 0) {
      throw new Error(`there are ${this.world.server.streams.size} streams`);
    }
    return stream;
  }

  /** When the session was asked for, in milliseconds since the world began. */
  get askedAt(): number[] {
    return this.world.server.asked(this.path).map(({ atMs }) => atMs);
  }
}
