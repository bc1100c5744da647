/** Bodies of requests, within what one of them and all of them together may take. */
import type { IncomingMessage } from 'node:http';
import { WEBHOOK } from '#lib/kubernetes-limits';

/** The body is not taken; `status` says why in HTTP's words. */
export class BodyRefused extends Error {
  readonly status: 413 | 503;

  constructor(status: BodyRefused['status'], message: string) {
    super(message);
    this.name = 'BodyRefused';
    this.status = status;
  }
}

export class BodyReader {
  /** Read so far of all bodies that are not complete. */
  #bytes = 0;

  /** Throws BodyRefused when it is too large, or others take all there is. */
  async read(request: IncomingMessage): Promise<string> {
    if (Number(request.headers['content-length'] ?? 0) > WEBHOOK.requestBytesMax) throw tooLarge();
    const chunks: Buffer[] = [];
    let bodyBytes = 0;
    try {
      // Not destroyed with the loop: the refusal is still to be written to the connection.
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        const part = chunk as Buffer;
        bodyBytes += part.length;
        this.#bytes += part.length;
        if (bodyBytes > WEBHOOK.requestBytesMax) throw tooLarge();
        if (this.#bytes > WEBHOOK.requestsBytesMax) throw noRoom();
        chunks.push(part);
      }
      return Buffer.concat(chunks).toString('utf8');
    } finally {
      this.#bytes -= bodyBytes;
    }
  }
}

function tooLarge(): BodyRefused {
  return new BodyRefused(413, `a body has at most ${WEBHOOK.requestBytesMax} bytes`);
}

function noRoom(): BodyRefused {
  return new BodyRefused(503, 'other requests take all the room there is');
}
