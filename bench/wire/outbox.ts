/** What one connection has to say in one turn of the event loop: it goes out in one write. */
import type { Socket } from 'node:net';

const CHUNK_BYTES = 256 * 1024;
/** Chunks of all connections that wait to be used again: a connection that is idle has none. */
const spare: Buffer[] = [];

export class Outbox {
  readonly #socket: Socket;
  /** The current chunk; what `reserve` gave lies in it. */
  chunk: Buffer = Buffer.alloc(0);
  #used = 0;
  #isHeld = false;
  #isScheduled = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Where in the chunk to write so many bytes, before anything else is reserved. */
  reserve(bytes: number): number {
    if (this.#used + bytes > this.chunk.length) {
      this.flush();
      this.chunk = spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    }
    const at = this.#used;
    this.#used += bytes;
    if (!this.#isHeld && !this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.flush();
      });
    }
    return at;
  }

  append(bytes: Buffer): void {
    const at = this.reserve(bytes.length);
    bytes.copy(this.chunk, at);
  }

  /** Everything that `work` says goes out together. */
  hold(work: () => void): void {
    this.#isHeld = true;
    try {
      work();
    } finally {
      this.#isHeld = false;
      this.flush();
    }
  }

  flush(): void {
    if (this.#used === 0) return;
    const { chunk } = this;
    const bytes = this.#used;
    this.chunk = Buffer.alloc(0);
    this.#used = 0;
    if (this.#socket.destroyed) return;
    this.#socket.write(chunk.subarray(0, bytes), () => void spare.push(chunk));
  }
}
