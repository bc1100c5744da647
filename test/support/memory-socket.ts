/** A connection within the process: what one end writes, the other reads. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** As much of a `Socket` as servers use. */
class MemorySocket extends Duplex {
  bytesWritten = 0;
  #peer: MemorySocket | undefined;
  #onRead: (() => void) | undefined;

  static pair(): [MemorySocket, MemorySocket] {
    const [one, other] = [new MemorySocket(), new MemorySocket()];
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const peer = this.#peer;
    this.bytesWritten += chunk.length;
    // A copy: who is done with writing may use the memory for something else.
    if (!peer || peer.destroyed || peer.push(Buffer.from(chunk))) done();
    else peer.#onRead = done;
  }

  override _final(done: () => void): void {
    this.#peer?.push(null);
    done();
  }

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const peer = this.#peer;
    this.#peer = undefined;
    if (peer && !peer.destroyed) queueMicrotask(() => peer.destroy());
    done(error);
  }
}

/** The two ends of one connection. */
export function memorySockets(): { client: Duplex; server: Socket } {
  const [client, server] = MemorySocket.pair();
  return { client, server: server as unknown as Socket };
}
