/**
 * What a new connection speaks, told from its first byte, so that one port takes TLS and plaintext.
 * architecture.md §8
 */
import type { Socket } from 'node:net';

export type FirstByte = 'tls' | 'h2c' | 'unknown' | 'timeout' | 'closed';

/** Type of the TLS record that a handshake begins with. */
const TLS_HANDSHAKE = 0x16;
/** First letter of the HTTP/2 preface, `PRI * HTTP/2.0`. */
const PREFACE = 0x50;

/**
 * Waits for the first bytes and puts them back, so that whoever takes the socket next reads all.
 * Calls `done` once; the socket is left to the caller, also when it is of no use.
 */
export function peekFirstByte(
  socket: Socket,
  timeoutMs: number,
  done: (firstByte: FirstByte) => void,
): void {
  const finish = (firstByte: FirstByte): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable);
    socket.off('close', onClose);
    done(firstByte);
  };
  const onReadable = (): void => {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) {
      // At the end of input 'readable' comes without bytes: the peer left without a word.
      if (socket.readableEnded || socket.destroyed) finish('closed');
      return;
    }
    socket.unshift(bytes);
    finish(classify(bytes[0]));
  };
  const onClose = (): void => finish('closed');
  const timer = setTimeout(() => finish('timeout'), timeoutMs);
  timer.unref();
  socket.on('readable', onReadable);
  socket.once('close', onClose);
}

function classify(byte: number | undefined): FirstByte {
  if (byte === TLS_HANDSHAKE) return 'tls';
  return byte === PREFACE ? 'h2c' : 'unknown';
}
