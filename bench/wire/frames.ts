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

export const SETTING = {
  headerTableSize: 1,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
} as const;

export const HEAD_BYTES = 9;
/** The largest frame that every peer must take. */
export const FRAME_BYTES_MAX = 16_384;
/** Windows before any SETTINGS or WINDOW_UPDATE frame. */
export const WINDOW_BYTES_DEFAULT = 65_535;
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

const PARTIAL_BYTES_MAX = HEAD_BYTES + FRAME_BYTES_MAX;
const NOTHING = Buffer.alloc(0);

/** Cuts a byte stream into frames; each is there until the next one is looked for. */
export class FrameReader {
  type = 0;
  flags = 0;
  streamId = 0;
  /** The payload is `start..end` of these, without padding. */
  bytes: Buffer = NOTHING;
  start = 0;
  end = 0;
  /** A frame whose end has not come yet. */
  #partial: Buffer = NOTHING;
  #partialBytes = 0;

  /** Calls `onFrame` for every frame that is complete; keeps a copy of what is not. */
  push(chunk: Buffer, onFrame: () => void): void {
    let at = this.#complete(chunk, onFrame);
    while (chunk.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + lengthAt(chunk, at);
      if (end > chunk.length) break;
      this.#open(chunk, at, end);
      onFrame();
      at = end;
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length);
  }

  u32(at: number): number {
    return this.bytes.readUInt32BE(this.start + at);
  }

  /** Ends the partial frame, if there is one; where in the chunk the next one begins. */
  #complete(chunk: Buffer, onFrame: () => void): number {
    let at = 0;
    while (this.#partialBytes > 0 && at < chunk.length) {
      const hasHead = this.#partialBytes >= HEAD_BYTES;
      const whole = HEAD_BYTES + (hasHead ? lengthAt(this.#partial, 0) : 0);
      const end = Math.min(chunk.length, at + whole - this.#partialBytes);
      this.#keep(chunk, at, end);
      at = end;
      if (this.#partialBytes < HEAD_BYTES) continue;
      const frameBytes = HEAD_BYTES + lengthAt(this.#partial, 0);
      if (this.#partialBytes < frameBytes) continue;
      this.#partialBytes = 0;
      this.#open(this.#partial, 0, frameBytes);
      onFrame();
    }
    return at;
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    if (this.#partial === NOTHING) this.#partial = Buffer.allocUnsafeSlow(PARTIAL_BYTES_MAX);
    if (this.#partialBytes + end - start > PARTIAL_BYTES_MAX) {
      throw new Error('a frame that is larger than was allowed');
    }
    chunk.copy(this.#partial, this.#partialBytes, start, end);
    this.#partialBytes += end - start;
  }

  #open(bytes: Buffer, at: number, frameEnd: number): void {
    const type = bytes[at + 3] ?? 0;
    const flags = bytes[at + 4] ?? 0;
    let start = at + HEAD_BYTES;
    let end = frameEnd;
    const mayHavePadding = type === FRAME.data || type === FRAME.headers;
    if (mayHavePadding && (flags & FLAG.padded) !== 0) {
      end -= bytes[start] ?? 0;
      start += 1;
    }
    if (type === FRAME.headers && (flags & FLAG.priority) !== 0) start += 5;
    this.type = type;
    this.flags = flags;
    this.streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

/** Writes a frame's head and returns the offset behind it. */
export function writeHead(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  out[at] = length >> 16;
  out[at + 1] = length >> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  return out.writeUInt32BE(streamId, at + 5);
}

/** A whole frame that carries no request: SETTINGS, PING, WINDOW_UPDATE. */
export function controlFrame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer,
): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  payload.copy(frame, writeHead(frame, 0, payload.length, type, flags, streamId));
  return frame;
}
