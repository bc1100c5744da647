/**
 * One cleartext HTTP/2 connection that makes gRPC calls, written for a load generator: everything
 * that is sent in one turn goes out in one write, and a call allocates next to nothing.
 */
import { connect, type Socket } from 'node:net';
import { HTTP2 } from '#lib/transport-limits';
import { LISTEN } from '#lib/limits';
import { HpackDecoder } from '#proto/http2/hpack/decoder';
import { type EncodableFields, HpackEncoder } from '#proto/http2/hpack/encoder';
import {
  controlFrame,
  FLAG,
  FRAME,
  FRAME_BYTES_MAX,
  FrameReader,
  HEAD_BYTES,
  PREFACE,
  SETTING,
  WINDOW_BYTES_DEFAULT,
  writeHead,
} from './frames.ts';
import { type CallObserver, GRPC_HEAD_BYTES, OpenCall, Upload } from './open-call.ts';
import { Outbox } from './outbox.ts';

/** gRPC status codes that this end gives itself. */
const UNKNOWN = 2;
const UNAVAILABLE = 14;

/** What the server may send unasked, on a stream and on the connection. */
const STREAM_WINDOW_BYTES = 16 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 512 * 1024 * 1024;
const STREAM_ID_MAX = 0x7fff_ffff;
const SETTING_BYTES = 6;
/** The reason for a reset: the request is of no more use. RFC 9113 7 */
const CANCEL = 8;

/** All connections read into the same bytes: what is not done with when a read ends is copied. */
const READ = Buffer.allocUnsafeSlow(256 * 1024);

interface WaitingCall {
  readonly method: string;
  readonly message: Buffer;
  readonly observer: CallObserver;
  readonly keepOpen: boolean;
}

export class Connection {
  readonly #socket: Socket;
  readonly #out: Outbox;
  readonly #headersOf: (method: string) => EncodableFields;
  /** Of each method: the encoder remembers the block of a list that stays the same. */
  readonly #headers = new Map<string, EncodableFields>();
  readonly #frame = new FrameReader();
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder({
    tableBytesMax: HTTP2.hpackTableBytesDefault,
    listBytesMax: LISTEN.metadataBytesMax,
    fieldsMax: HTTP2.headerFieldsMax,
  });
  readonly #calls = new Map<number, OpenCall>();
  readonly #uploads = new Map<number, Upload>();
  readonly #waiting: WaitingCall[] = [];
  readonly #onFrame = (): void => this.#handleFrame();
  #nextStreamId = 1;
  #sendWindow = WINDOW_BYTES_DEFAULT;
  /** Of a stream, at its beginning. */
  #streamWindow = WINDOW_BYTES_DEFAULT;
  #streamsMax = Infinity;
  #received = 0;
  #failure: string | undefined;

  private constructor(socket: Socket, headersOf: (method: string) => EncodableFields) {
    this.#socket = socket;
    this.#out = new Outbox(socket);
    this.#headersOf = headersOf;
    socket.setNoDelay(true);
    const window = Buffer.alloc(SETTING_BYTES);
    window.writeUInt16BE(SETTING.initialWindowSize, 0);
    window.writeUInt32BE(STREAM_WINDOW_BYTES, 2);
    this.#out.append(Buffer.from(PREFACE, 'latin1'));
    this.#out.append(controlFrame(FRAME.settings, 0, 0, window));
    this.#grantWindow(0, CONNECTION_WINDOW_BYTES);
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the server closed the connection'));
  }

  /** `headersOf` gives all headers of a call of a method, the pseudo-headers first. */
  static open(
    host: string,
    port: number,
    headersOf: (method: string) => EncodableFields,
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let connection: Connection | undefined;
      const callback = (bytes: number): boolean => {
        connection?.onBytes(READ.subarray(0, bytes));
        return true;
      };
      const socket = connect({ host, port, onread: { buffer: READ, callback } });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        connection = new Connection(socket, headersOf);
        resolve(connection);
      });
    });
  }

  /** Why no call can be made any more; undefined as long as it can. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Starts a call with one request message, which is copied. `keepOpen` leaves the request stream
   * open, as a Telemetry stream needs it. Returns at once.
   */
  call(method: string, message: Buffer, observer: CallObserver, keepOpen = false): void {
    if (this.#failure !== undefined) {
      const reason = this.#failure;
      setImmediate(() => observer.onEnd(UNAVAILABLE, reason));
    } else if (this.#calls.size >= this.#streamsMax) {
      this.#waiting.push({ method, message: Buffer.from(message), observer, keepOpen });
    } else {
      this.#start(method, message, observer, keepOpen);
    }
  }

  /** Sends what is due and closes; calls still open hear nothing more. */
  close(): void {
    this.#out.flush();
    this.#calls.clear();
    this.#waiting.length = 0;
    this.#failure ??= 'this end closed the connection';
    this.#socket.destroySoon();
  }

  onBytes(chunk: Buffer): void {
    // All calls started by these frames share one write.
    this.#out.hold(() => {
      try {
        this.#frame.push(chunk, this.#onFrame);
      } catch (error) {
        this.#fail(String(error));
        this.#socket.destroy();
      }
    });
  }

  #start(method: string, message: Buffer, observer: CallObserver, keepOpen: boolean): void {
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    if (streamId > STREAM_ID_MAX) throw new Error('the connection has no stream numbers left');
    this.#calls.set(streamId, new OpenCall(observer));
    const block = this.#encoder.block(this.#headers.get(method) ?? this.#makeHeaders(method));
    const dataBytes = GRPC_HEAD_BYTES + message.length;
    const fits = dataBytes <= Math.min(FRAME_BYTES_MAX, this.#streamWindow, this.#sendWindow);
    const headBytes = HEAD_BYTES + block.length;
    let at = this.#out.reserve(headBytes + (fits ? HEAD_BYTES + dataBytes : 0));
    const { chunk } = this.#out;
    at = writeHead(chunk, at, block.length, FRAME.headers, FLAG.endHeaders, streamId);
    at += block.copy(chunk, at);
    if (!fits) {
      this.#uploads.set(streamId, new Upload(message, this.#streamWindow, keepOpen));
      this.#continueUploads();
      return;
    }
    this.#sendWindow -= dataBytes;
    const flags = keepOpen ? 0 : FLAG.endStream;
    at = writeHead(chunk, at, dataBytes, FRAME.data, flags, streamId);
    chunk[at] = 0;
    at = chunk.writeUInt32BE(message.length, at + 1);
    message.copy(chunk, at);
  }

  #makeHeaders(method: string): EncodableFields {
    const headers = this.#headersOf(method);
    this.#headers.set(method, headers);
    return headers;
  }

  /** Sends as much of the large requests as the windows allow, the oldest first. */
  #continueUploads(): void {
    for (const [streamId, upload] of this.#uploads) {
      for (;;) {
        const bytes = upload.nextBytes(this.#sendWindow);
        if (bytes === 0) break;
        this.#sendWindow -= bytes;
        const at = this.#out.reserve(HEAD_BYTES + bytes);
        const { chunk } = this.#out;
        upload.copyNext(chunk, at + HEAD_BYTES, bytes);
        const flags = upload.isDone && !upload.keepOpen ? FLAG.endStream : 0;
        writeHead(chunk, at, bytes, FRAME.data, flags, streamId);
      }
      if (upload.isDone) this.#uploads.delete(streamId);
    }
  }

  #handleFrame(): void {
    const frame = this.#frame;
    switch (frame.type) {
      case FRAME.data:
        this.#onData();
        break;
      case FRAME.headers:
        this.#onHeaders();
        break;
      case FRAME.resetStream:
        this.#uploads.delete(frame.streamId);
        this.#end(
          frame.streamId,
          UNAVAILABLE,
          `stream reset by the server, reason ${frame.u32(0)}`,
        );
        break;
      case FRAME.settings:
        this.#onSettings();
        break;
      case FRAME.ping:
        if ((frame.flags & FLAG.ack) === 0) {
          const payload = frame.bytes.subarray(frame.start, frame.end);
          this.#out.append(controlFrame(FRAME.ping, FLAG.ack, 0, payload));
        }
        break;
      case FRAME.goAway:
        this.#onGoAway();
        break;
      case FRAME.windowUpdate:
        this.#onWindowUpdate(frame.streamId, frame.u32(0));
    }
  }

  #onData(): void {
    const { bytes, start, end, flags, streamId } = this.#frame;
    this.#received += end - start;
    if (this.#received > CONNECTION_WINDOW_BYTES / 2) {
      this.#grantWindow(0, this.#received);
      this.#received = 0;
    }
    const call = this.#calls.get(streamId);
    if (call === undefined) return;
    call.onData(bytes, start, end);
    if ((flags & FLAG.endStream) !== 0) {
      this.#end(streamId, UNKNOWN, 'the stream ended without a gRPC status');
      return;
    }
    call.received += end - start;
    if (call.received > STREAM_WINDOW_BYTES / 2) {
      this.#grantWindow(streamId, call.received);
      call.received = 0;
    }
  }

  #onHeaders(): void {
    const { bytes, start, end, flags, streamId } = this.#frame;
    if ((flags & FLAG.endHeaders) === 0) {
      throw new Error('a header block of more than one frame is not supported');
    }
    const headers = this.#decoder.decode(bytes, start, end);
    const call = this.#calls.get(streamId);
    if (call === undefined || (flags & FLAG.endStream) === 0) return;
    const status = headers.get('grpc-status');
    if (status === '') this.#end(streamId, UNKNOWN, 'trailers without a gRPC status');
    else if (call.isCutOff) this.#end(streamId, UNKNOWN, 'a message is cut off');
    else this.#end(streamId, Number(status), headers.get('grpc-message'));
  }

  #onSettings(): void {
    const frame = this.#frame;
    if ((frame.flags & FLAG.ack) !== 0) return;
    for (let at = 0; frame.start + at + SETTING_BYTES <= frame.end; at += SETTING_BYTES) {
      const id = frame.bytes.readUInt16BE(frame.start + at);
      const value = frame.u32(at + 2);
      if (id === SETTING.headerTableSize) this.#encoder.setPeerTableBytesMax(value);
      if (id === SETTING.maxConcurrentStreams) this.#streamsMax = value;
      if (id === SETTING.initialWindowSize) {
        for (const upload of this.#uploads.values()) upload.window += value - this.#streamWindow;
        this.#streamWindow = value;
      }
    }
    this.#out.append(controlFrame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
    this.#continueUploads();
    this.#startWaiting();
  }

  #onWindowUpdate(streamId: number, increment: number): void {
    const upload = this.#uploads.get(streamId);
    if (streamId === 0) this.#sendWindow += increment;
    else if (upload !== undefined) upload.window += increment;
    if (this.#uploads.size > 0) this.#continueUploads();
  }

  #onGoAway(): void {
    const { bytes, start, end } = this.#frame;
    const lastStreamId = this.#frame.u32(0);
    const reason = `GOAWAY ${this.#frame.u32(4)} ${bytes.toString('latin1', start + 8, end)}`;
    this.#failure ??= reason;
    for (const streamId of this.#calls.keys()) {
      if (streamId > lastStreamId) this.#end(streamId, UNAVAILABLE, reason);
    }
  }

  #end(streamId: number, grpcStatus: number, grpcMessage: string): void {
    const call = this.#calls.get(streamId);
    if (call === undefined) return;
    this.#calls.delete(streamId);
    if (this.#uploads.size > 0 && this.#uploads.delete(streamId)) {
      // The server has answered without the rest of the request.
      const reason = Buffer.from([0, 0, 0, CANCEL]);
      this.#out.append(controlFrame(FRAME.resetStream, 0, streamId, reason));
    }
    call.observer.onEnd(grpcStatus, grpcMessage);
    if (this.#waiting.length > 0) this.#startWaiting();
  }

  #startWaiting(): void {
    for (let count = this.#waiting.length; count > 0; count--) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.call(next.method, next.message, next.observer, next.keepOpen);
    }
  }

  #grantWindow(streamId: number, bytes: number): void {
    const increment = Buffer.alloc(4);
    increment.writeUInt32BE(bytes);
    this.#out.append(controlFrame(FRAME.windowUpdate, 0, streamId, increment));
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    for (const streamId of this.#calls.keys()) this.#end(streamId, UNAVAILABLE, reason);
    const waiting = this.#waiting.splice(0);
    for (const { observer } of waiting) observer.onEnd(UNAVAILABLE, reason);
  }
}
