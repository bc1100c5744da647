/** HTTP/2 frame by frame, for what no client library lets one say. RFC 9113 4.1 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { HpackDecoder } from '#proto/http2/hpack/decoder';
import {
  FLAG,
  FRAME,
  FRAME_BYTES_DEFAULT,
  HEAD_BYTES,
  PREFACE,
  SETTING_BYTES,
} from '#proto/http2/protocol';
import { withinMs } from '#support/until';
import { ECHO } from '#support/echo-service';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export type Fields = readonly (readonly [name: string, value: string])[];

const NOTHING: Buffer = Buffer.alloc(0);
const FRAME_TIMEOUT_MS = 10_000;

/** The headers of a call of the echo service. */
export function callFields(method: string, more: Fields = []): Fields {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', `/${ECHO}/${method}`],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  ];
}

export function frameBytes(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer = NOTHING,
) {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** Undefined when there is less than all of it. */
export function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (bytes.length < at + HEAD_BYTES) return undefined;
  const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3);
  if (bytes.length < end) return undefined;
  return {
    type: bytes.readUInt8(at + 3),
    flags: bytes.readUInt8(at + 4),
    streamId: bytes.readUInt32BE(at + 5),
    payload: bytes.subarray(at + HEAD_BYTES, end),
  };
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function settingsPayload(settings: readonly (readonly [id: number, value: number])[]) {
  const payload = Buffer.alloc(settings.length * SETTING_BYTES);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * SETTING_BYTES);
    payload.writeUInt32BE(value, index * SETTING_BYTES + 2);
  }
  return payload;
}

/** A header block of literals that are not indexed, and not compressed. RFC 7541 6.2.2 */
export function literalBlock(fields: Fields): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of fields) parts.push(Buffer.from([0]), text(name), text(value));
  return Buffer.concat(parts);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([hpackInteger(bytes.length, 7, 0), bytes]);
}

/** RFC 7541 5.1, behind the bits that `first` has above the prefix. */
export function hpackInteger(value: number, prefixBits: number, first: number): Buffer {
  const prefixMax = 2 ** prefixBits - 1;
  if (value < prefixMax) return Buffer.from([first | value]);
  const bytes = [first | prefixMax];
  let rest = value - prefixMax;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** One connection. Says nothing by itself, and answers nothing. */
export class RawHttp2 {
  readonly socket: Socket;
  /** Resolves when the connection is gone, in whichever way. */
  readonly closed: Promise<void>;
  readonly #decoder = new HpackDecoder({
    tableBytesMax: 4096,
    listBytesMax: 2 ** 20,
    fieldsMax: 2 ** 10,
  });
  #bytes: Buffer = NOTHING;
  #isClosed = false;
  #marks = 1;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    // A server that cuts the connection while we write is what many tests are about.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Without a preface: `greet` sends it. */
  static async connect(port: number): Promise<RawHttp2> {
    const socket = connect(port, '127.0.0.1').setNoDelay();
    const raw = new RawHttp2(socket);
    await once(socket, 'connect');
    return raw;
  }

  /** Preface and SETTINGS, and the answer to those of the server. */
  greet(settings: readonly (readonly [id: number, value: number])[] = []): void {
    this.write(PREFACE);
    this.settings(settings);
    this.frame(FRAME.settings, FLAG.ack, 0);
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer = NOTHING): void {
    this.write(frameBytes(type, flags, streamId, payload));
  }

  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    this.frame(FRAME.settings, 0, 0, settingsPayload(settings));
  }

  /** HEADERS, complete. */
  headers(streamId: number, fields: Fields, isLast = false): void {
    const flags = FLAG.endHeaders | (isLast ? FLAG.endStream : 0);
    this.frame(FRAME.headers, flags, streamId, literalBlock(fields));
  }

  /** In as many frames as it takes; whether windows allow it is not asked. */
  data(streamId: number, bytes: Buffer, isLast = false): void {
    let at = 0;
    do {
      const part = bytes.subarray(at, at + FRAME_BYTES_DEFAULT);
      at += part.length;
      const flags = isLast && at === bytes.length ? FLAG.endStream : 0;
      this.frame(FRAME.data, flags, streamId, part);
    } while (at < bytes.length);
  }

  resetStream(streamId: number, code: number): void {
    this.frame(FRAME.resetStream, 0, streamId, uint32(code));
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.frame(FRAME.windowUpdate, 0, streamId, uint32(bytes));
  }

  /** A frame that has come and was not taken yet. */
  poll(): Frame | undefined {
    const frame = frameAt(this.#bytes, 0);
    if (frame) this.#bytes = this.#bytes.subarray(HEAD_BYTES + frame.payload.length);
    return frame;
  }

  /** The next frame, whatever it is; undefined when the connection ended before it. */
  async next(timeoutMs = FRAME_TIMEOUT_MS): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.poll();
      if (frame || this.#isClosed) return frame;
      const came = new Promise<void>((resolve) => (this.#wake = resolve));
      await withinMs(timeoutMs, came, () => new Error(`no frame within ${timeoutMs} ms`));
    }
  }

  /** The next frame of a type; others before it are dropped. Throws when the connection ends. */
  async nextOf(type: number, streamId?: number, timeoutMs = FRAME_TIMEOUT_MS): Promise<Frame> {
    for (;;) {
      const frame = await this.next(timeoutMs);
      if (!frame) throw new Error(`the connection ended before a frame of type ${type}`);
      if (frame.type === type && (streamId ?? frame.streamId) === frame.streamId) return frame;
    }
  }

  /** What the server says until it has dealt with all that was sent: it answers a PING then. */
  async sync(): Promise<Frame[]> {
    const mark = uint32(this.#marks++);
    this.frame(FRAME.ping, 0, 0, Buffer.concat([mark, mark]));
    const frames: Frame[] = [];
    for (;;) {
      const frame = await this.next();
      if (!frame) throw new Error('the connection ended instead of answering a PING');
      const isPong = frame.type === FRAME.ping && (frame.flags & FLAG.ack) !== 0;
      if (isPong && frame.payload.subarray(0, 4).equals(mark)) return frames;
      frames.push(frame);
    }
  }

  /** Everything that comes until the server ends the connection. */
  async rest(timeoutMs = FRAME_TIMEOUT_MS): Promise<Frame[]> {
    const frames: Frame[] = [];
    for (;;) {
      const frame = await this.next(timeoutMs);
      if (!frame) return frames;
      frames.push(frame);
    }
  }

  /** Why the server ended the connection: the code of its last GOAWAY, if it sent one. */
  async goodbye(timeoutMs = FRAME_TIMEOUT_MS): Promise<number | undefined> {
    const frames = await this.rest(timeoutMs);
    return frames.findLast(({ type }) => type === FRAME.goAway)?.payload.readUInt32BE(4);
  }

  /** Of a HEADERS frame. Each has to be read, and in their order, or the table gets out of step. */
  fields({ payload }: Frame): Map<string, string> {
    const { fields } = this.#decoder.decode(payload, 0, payload.length);
    const byName = new Map<string, string>();
    for (let at = 0; at < fields.length; at += 2) {
      byName.set(fields[at] as string, fields[at + 1] as string);
    }
    return byName;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
