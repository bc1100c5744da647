/**
 * What a new connection begins with: a PROXY header where one is due, and then a first byte that
 * tells TLS from plaintext, so that one port takes both. architecture.md §8
 */
import type { Socket } from 'node:net';
import { readProxyHeader } from '#proto/grpc-transport/proxy-protocol';

/** `unknown` is also a PROXY header that is missing or malformed. */
export type FirstByte = 'tls' | 'h2c' | 'unknown' | 'timeout' | 'closed';

export interface Opening {
  readonly firstByte: FirstByte;
  /** `address:port` of the client, where a PROXY header says it. */
  readonly client: string | undefined;
}

export interface OpeningOptions {
  /** A PROXY header has to come first. What it says is believed. */
  readonly isProxied: boolean;
  /** For all of it. */
  readonly timeoutMs: number;
}

/** Type of the TLS record that a handshake begins with. */
const TLS_HANDSHAKE = 0x16;
/** First letter of the HTTP/2 preface, `PRI * HTTP/2.0`. */
const PREFACE = 0x50;

const NO_BYTES = Buffer.alloc(0);

/**
 * Waits for the first bytes; takes the PROXY header off and puts the others back, so that whoever
 * takes the socket next reads all of them. Calls `done` once; the socket is left to the caller,
 * also when it is of no use.
 */
export function readOpening(
  socket: Socket,
  { isProxied, timeoutMs }: OpeningOptions,
  done: (opening: Opening) => void,
): void {
  let isHeaderDue = isProxied;
  let held = NO_BYTES;
  let client: string | undefined;

  const finish = (firstByte: FirstByte): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable);
    socket.off('close', onClose);
    done({ firstByte, client });
  };
  const onReadable = (): void => {
    const bytes = socket.read() as Buffer<ArrayBuffer> | null;
    if (bytes === null) {
      // At the end of input 'readable' comes without bytes: the peer left without a word.
      if (socket.readableEnded || socket.destroyed) finish('closed');
      return;
    }
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    if (isHeaderDue) {
      const header = readProxyHeader(held);
      if (header === 'incomplete') return;
      if (header === 'malformed') return finish('unknown');
      isHeaderDue = false;
      client = header.client;
      held = held.subarray(header.bytes);
    }
    if (held.length === 0) return;
    socket.unshift(held);
    finish(classify(held[0]));
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
