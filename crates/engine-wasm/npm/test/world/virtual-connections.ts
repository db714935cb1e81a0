/** The connections of a browser to a server over HTTP/1.1: at most six, and each request waits for a free one. */

const MOST = 6;

/** The connections of one browser. */
export class VirtualConnections {
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  /** Runs something with a connection, now or when one is free. Returns a function that gives it back, or stops waiting. */
  take(run: () => void): () => void {
    let isDone = false;
    let isWaiting = true;
    const begin = (): void => {
      isWaiting = false;
      this.#taken += 1;
      run();
    };
    this.#waiting.push(begin);
    this.#giveNext();
    return () => {
      if (isDone) {
        return;
      }
      isDone = true;
      if (isWaiting) {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
      } else {
        this.#taken -= 1;
        this.#giveNext();
      }
    };
  }

  /** Sends a request when there is a connection for it. */
  fetch(send: typeof fetch, ...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { signal } = init ?? {};
      const giveBack = this.take(() => {
        send(input, init)
          .finally(() => giveBack())
          .then(resolve, reject);
      });
      signal?.addEventListener("abort", () => {
        giveBack();
        reject(signal.reason);
      });
    });
  }

  #giveNext(): void {
    if (this.#taken < MOST) {
      this.#waiting.shift()?.();
    }
  }
}
