/**
 * One cleartext HTTP/2 connection that makes gRPC calls, written for a load generator: everything
 * that is sent in one turn goes out in one write, and a call allocates next to nothing.
 */
import { connect, type Socket } from 'node:net';
import {
  controlFrame,
  FLAG,
  FRAME,
  type Frame,
  FRAME_BYTES_MAX,
  FrameParser,
  HEAD_BYTES,
  PREFACE,
  SETTING,
  WINDOW_BYTES_DEFAULT,
  writeHead,
} from './frames.ts';
import { type Header, HpackDecoder } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';

/** gRPC status codes that this end gives itself. */
const UNKNOWN = 2;
const UNAVAILABLE = 14;

const GRPC_HEAD_BYTES = 5;
const OUT_BYTES = 256 * 1024;
const READ_BYTES = 256 * 1024;
/** What the server may send unasked, on a stream and on the connection. */
const STREAM_WINDOW_BYTES = 16 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 512 * 1024 * 1024;
const STREAM_ID_MAX = 0x7fff_ffff;

/** What becomes of a call. One object may serve many calls, one after the other. */
export interface CallObserver {
  /** `message` is a view that is valid only until the function returns. */
  onMessage(message: Buffer): void;
  /** Once a call; 0 is OK. */
  onEnd(grpcStatus: number, grpcMessage: string): void;
}

interface OpenCall {
  readonly observer: CallObserver;
  /** The start of a message whose end has not come yet. */
  partial: Buffer | undefined;
}

interface WaitingCall {
  readonly method: string;
  readonly message: Buffer;
  readonly observer: CallObserver;
  readonly keepOpen: boolean;
}

export class Connection {
  readonly #socket: Socket;
  readonly #headersOf: (method: string) => readonly Header[];
  readonly #parser = new FrameParser();
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder();
  readonly #calls = new Map<number, OpenCall>();
  readonly #waiting: WaitingCall[] = [];
  readonly #spare: Buffer[] = [];
  #out: Buffer = Buffer.allocUnsafeSlow(OUT_BYTES);
  #outBytes = 0;
  #flushScheduled = false;
  #nextStreamId = 1;
  #sendWindow = WINDOW_BYTES_DEFAULT;
  #streamWindow = WINDOW_BYTES_DEFAULT;
  #streamsMax = Infinity;
  #received = 0;
  #failure: string | undefined;

  private constructor(socket: Socket, headersOf: (method: string) => readonly Header[]) {
    this.#socket = socket;
    this.#headersOf = headersOf;
    socket.setNoDelay(true);
    const window = Buffer.alloc(6);
    window.writeUInt16BE(SETTING.initialWindowSize, 0);
    window.writeUInt32BE(STREAM_WINDOW_BYTES, 2);
    socket.write(PREFACE);
    socket.write(controlFrame(FRAME.settings, 0, 0, window));
    this.#grantWindow(CONNECTION_WINDOW_BYTES);
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the server closed the connection'));
  }

  /** `headersOf` gives all headers of a call of a method, the pseudo-headers first. */
  static open(
    host: string,
    port: number,
    headersOf: (method: string) => readonly Header[],
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let connection: Connection | undefined;
      const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
      const callback = (bytes: number): boolean => {
        connection?.onBytes(buffer.subarray(0, bytes));
        return true;
      };
      const socket = connect({ host, port, onread: { buffer, callback } });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        connection = new Connection(socket, headersOf);
        resolve(connection);
      });
    });
  }

  /**
   * Starts a call with one request message, which is copied. `keepOpen` leaves the request stream
   * open, as a Telemetry stream needs it. Returns at once.
   */
  call(method: string, message: Buffer, observer: CallObserver, keepOpen = false): void {
    if (this.#failure !== undefined) {
      const reason = this.#failure;
      setImmediate(() => observer.onEnd(UNAVAILABLE, reason));
      return;
    }
    const dataBytes = GRPC_HEAD_BYTES + message.length;
    if (dataBytes > Math.min(FRAME_BYTES_MAX, this.#streamWindow)) {
      throw new Error(`a message of ${message.length} bytes does not fit in one frame or window`);
    }
    if (dataBytes > this.#sendWindow || this.#calls.size >= this.#streamsMax) {
      this.#waiting.push({ method, message: Buffer.from(message), observer, keepOpen });
      return;
    }
    this.#sendWindow -= dataBytes;
    this.#write(method, message, observer, keepOpen);
  }

  /** Sends what is due and closes; calls still open hear nothing more. */
  close(): void {
    this.#flush();
    this.#calls.clear();
    this.#waiting.length = 0;
    this.#failure ??= 'this end closed the connection';
    this.#socket.destroySoon();
  }

  onBytes(chunk: Buffer): void {
    // Holds the flush back, so that all calls started by these frames share one write.
    this.#flushScheduled = true;
    try {
      this.#parser.push(chunk, (frame) => this.#onFrame(frame));
    } catch (error) {
      this.#fail(String(error));
      this.#socket.destroy();
    }
    this.#flushScheduled = false;
    this.#flush();
  }

  #write(method: string, message: Buffer, observer: CallObserver, keepOpen: boolean): void {
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    if (streamId > STREAM_ID_MAX) throw new Error('the connection has no stream numbers left');
    this.#calls.set(streamId, { observer, partial: undefined });
    const block = this.#encoder.encode(method, () => this.#headersOf(method));
    const dataBytes = GRPC_HEAD_BYTES + message.length;
    let at = this.#reserve(2 * HEAD_BYTES + block.length + dataBytes);
    const out = this.#out;
    const head = { length: block.length, type: FRAME.headers, flags: FLAG.endHeaders, streamId };
    at = writeHead(out, at, head);
    at += block.copy(out, at);
    const flags = keepOpen ? 0 : FLAG.endStream;
    at = writeHead(out, at, { length: dataBytes, type: FRAME.data, flags, streamId });
    out[at] = 0;
    out.writeUInt32BE(message.length, at + 1);
    message.copy(out, at + GRPC_HEAD_BYTES);
  }

  #reserve(bytes: number): number {
    if (this.#outBytes + bytes > OUT_BYTES) this.#flush();
    const at = this.#outBytes;
    this.#outBytes += bytes;
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      setImmediate(() => {
        this.#flushScheduled = false;
        this.#flush();
      });
    }
    return at;
  }

  #flush(): void {
    if (this.#outBytes === 0 || this.#failure !== undefined) return;
    const full = this.#out;
    this.#socket.write(full.subarray(0, this.#outBytes), () => this.#spare.push(full));
    this.#out = this.#spare.pop() ?? Buffer.allocUnsafeSlow(OUT_BYTES);
    this.#outBytes = 0;
  }

  #onFrame(frame: Frame): void {
    switch (frame.type) {
      case FRAME.data:
        this.#onData(frame);
        break;
      case FRAME.headers:
        this.#onHeaders(frame);
        break;
      case FRAME.resetStream: {
        const reason = frame.payload.readUInt32BE(0);
        this.#end(frame.streamId, UNAVAILABLE, `stream reset by the server, reason ${reason}`);
        break;
      }
      case FRAME.settings:
        this.#onSettings(frame);
        break;
      case FRAME.ping:
        if ((frame.flags & FLAG.ack) === 0) {
          this.#socket.write(controlFrame(FRAME.ping, FLAG.ack, 0, frame.payload));
        }
        break;
      case FRAME.goAway:
        this.#onGoAway(frame.payload);
        break;
      case FRAME.windowUpdate:
        // A request fits in its stream's first window, so that only the connection's matters.
        if (frame.streamId === 0) this.#sendWindow += frame.payload.readUInt32BE(0);
        this.#sendWaiting();
    }
  }

  #onData(frame: Frame): void {
    const { payload, streamId } = frame;
    this.#received += payload.length;
    if (this.#received > CONNECTION_WINDOW_BYTES / 2) {
      this.#grantWindow(this.#received);
      this.#received = 0;
    }
    const call = this.#calls.get(streamId);
    if (call === undefined) return;
    let bytes = call.partial === undefined ? payload : Buffer.concat([call.partial, payload]);
    while (bytes.length >= GRPC_HEAD_BYTES) {
      const end = GRPC_HEAD_BYTES + bytes.readUInt32BE(1);
      if (end > bytes.length) break;
      if (bytes[0] !== 0) throw new Error('a compressed message that was not asked for');
      call.observer.onMessage(bytes.subarray(GRPC_HEAD_BYTES, end));
      bytes = bytes.subarray(end);
    }
    call.partial = bytes.length > 0 ? Buffer.from(bytes) : undefined;
    if ((frame.flags & FLAG.endStream) !== 0) {
      this.#end(streamId, UNKNOWN, 'the stream ended without a gRPC status');
    }
  }

  #onHeaders(frame: Frame): void {
    if ((frame.flags & FLAG.endHeaders) === 0) {
      throw new Error('a header block of more than one frame is not supported');
    }
    const headers = this.#decoder.decode(frame.payload);
    const call = this.#calls.get(frame.streamId);
    if (call === undefined || (frame.flags & FLAG.endStream) === 0) return;
    const status = headers.find(([name]) => name === 'grpc-status')?.[1];
    const message = headers.find(([name]) => name === 'grpc-message')?.[1] ?? '';
    if (status === undefined) this.#end(frame.streamId, UNKNOWN, 'trailers without a gRPC status');
    else if (call.partial !== undefined) this.#end(frame.streamId, UNKNOWN, 'a message is cut off');
    else this.#end(frame.streamId, Number(status), message);
  }

  #onSettings(frame: Frame): void {
    if ((frame.flags & FLAG.ack) !== 0) return;
    for (let at = 0; at + 6 <= frame.payload.length; at += 6) {
      const id = frame.payload.readUInt16BE(at);
      const value = frame.payload.readUInt32BE(at + 2);
      if (id === SETTING.initialWindowSize) this.#streamWindow = value;
      if (id === SETTING.maxConcurrentStreams) this.#streamsMax = value;
    }
    this.#socket.write(controlFrame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
    this.#sendWaiting();
  }

  #onGoAway(payload: Buffer): void {
    const lastStreamId = payload.readUInt32BE(0);
    const reason = `GOAWAY ${payload.readUInt32BE(4)} ${payload.toString('latin1', 8)}`;
    this.#failure ??= reason;
    for (const streamId of this.#calls.keys()) {
      if (streamId > lastStreamId) this.#end(streamId, UNAVAILABLE, reason);
    }
  }

  #end(streamId: number, grpcStatus: number, grpcMessage: string): void {
    const call = this.#calls.get(streamId);
    if (call === undefined) return;
    this.#calls.delete(streamId);
    call.observer.onEnd(grpcStatus, grpcMessage);
    if (this.#waiting.length > 0) this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (let count = this.#waiting.length; count > 0; count--) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.call(next.method, next.message, next.observer, next.keepOpen);
    }
  }

  #grantWindow(bytes: number): void {
    const increment = Buffer.alloc(4);
    increment.writeUInt32BE(bytes);
    this.#socket.write(controlFrame(FRAME.windowUpdate, 0, 0, increment));
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    for (const streamId of this.#calls.keys()) this.#end(streamId, UNAVAILABLE, reason);
    const waiting = this.#waiting.splice(0);
    for (const { observer } of waiting) observer.onEnd(UNAVAILABLE, reason);
  }
}
