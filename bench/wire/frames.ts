/** The frame layer of HTTP/2 (RFC 9113, 4 and 6): numbers, and how to cut a stream into frames. */

export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export const SETTING = { maxConcurrentStreams: 3, initialWindowSize: 4 } as const;

export const HEAD_BYTES = 9;
/** The largest frame that every peer must take. */
export const FRAME_BYTES_MAX = 16_384;
/** Windows before any SETTINGS or WINDOW_UPDATE frame. */
export const WINDOW_BYTES_DEFAULT = 65_535;
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  /** A view into the bytes that were read, without padding; valid until the handler returns. */
  readonly payload: Buffer;
}

/** Cuts a byte stream into frames. */
export class FrameParser {
  #rest: Buffer | undefined;

  /** Calls `handle` for every frame that is complete; keeps a copy of what is not. */
  push(chunk: Buffer, handle: (frame: Frame) => void): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const length = bytes.readUIntBE(at, 3);
      const end = at + HEAD_BYTES + length;
      if (end > bytes.length) break;
      handle(frameAt(bytes, at, end));
      at = end;
    }
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
  }
}

function frameAt(bytes: Buffer, at: number, frameEnd: number): Frame {
  const type = bytes[at + 3] ?? 0;
  const flags = bytes[at + 4] ?? 0;
  const streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
  let start = at + HEAD_BYTES;
  let end = frameEnd;
  const mayHavePadding = type === FRAME.data || type === FRAME.headers;
  if (mayHavePadding && (flags & FLAG.padded) !== 0) {
    end -= bytes[start] ?? 0;
    start += 1;
  }
  if (type === FRAME.headers && (flags & FLAG.priority) !== 0) start += 5;
  return { type, flags, streamId, payload: bytes.subarray(start, end) };
}

/** Writes a frame's head and returns the offset behind it. */
export function writeHead(
  out: Buffer,
  at: number,
  head: { length: number; type: number; flags: number; streamId: number },
): number {
  out.writeUIntBE(head.length, at, 3);
  out[at + 3] = head.type;
  out[at + 4] = head.flags;
  out.writeUInt32BE(head.streamId, at + 5);
  return at + HEAD_BYTES;
}

/** A whole frame that carries no request: SETTINGS, PING, WINDOW_UPDATE. */
export function controlFrame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer,
): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  payload.copy(frame, writeHead(frame, 0, { length: payload.length, type, flags, streamId }));
  return frame;
}
