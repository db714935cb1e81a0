/** A proxy between the page and its server that lets no event through, as firewalls and proxies that buffer do. */
import { once } from "node:events";
import { createServer, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What becomes of an event stream: it is `refused`, its answer is `held back` whole, or the answer begins and its events are
 * `buffered`.
 */
export type Block = "refused" | "held back" | "buffered";

export class BlockedProxy {
  readonly #listener: Server;

  constructor(server: string, block: Block) {
    this.#listener = createServer((asked, answer) => {
      if (asked.url?.endsWith("/events") === true) {
        blockStream(answer, block);
        return;
      }
      const { method, headers } = asked;
      const passedOn = request(server + asked.url, { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      passedOn.on("error", () => answer.destroy());
      asked.pipe(passedOn);
    });
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    this.#listener.listen(0, "127.0.0.1");
    await once(this.#listener, "listening");
  }

  close(): void {
    this.#listener.closeAllConnections();
    this.#listener.close();
  }
}

function blockStream(answer: ServerResponse, block: Block): void {
  if (block === "refused") {
    answer.writeHead(403).end();
  } else if (block === "buffered") {
    answer.writeHead(200, { "content-type": "text/event-stream" });
    answer.flushHeaders();
  }
}
