/**
 * One HTTP/2 connection of a client: frames in, calls out to the receivers of its streams, frames
 * back. RFC 9113
 */
import type { Socket } from 'node:net';
import { HTTP2 } from '#lib/transport-limits';
import type { ClosedBy } from '#proto/http2/closed-streams';
import { ByteBudget } from '#proto/http2/byte-budget';
import { ControlFrames } from '#proto/http2/control-frames';
import { ConnectionError, StreamError, wrongLength, wrongStream } from '#proto/http2/errors';
import { FloodGuard } from '#proto/http2/flood-guard';
import { FrameReader, type FrameSink } from '#proto/http2/frame-reader';
import { withoutPadding } from '#proto/http2/payload';
import type { Http2Handler, SharedByConnections } from '#proto/http2/handler';
import { type BlockSink, HeaderFrames } from '#proto/http2/header-frames';
import { HpackDecoder } from '#proto/http2/hpack/decoder';
import { HpackEncoder } from '#proto/http2/hpack/encoder';
import { HpackError } from '#proto/http2/hpack/hpack-error';
import { OpenStreams } from '#proto/http2/open-streams';
import { Output, type OutputOwner } from '#proto/http2/output';
import { ERROR, FLAG, FRAME, STREAM_ID_MAX } from '#proto/http2/protocol';
import { type RequestHead, RequestHeads, trailersProblem } from '#proto/http2/request-head';
import { Sender } from '#proto/http2/sender';
import { Http2Stream, type StreamOwner } from '#proto/http2/stream';

export class Http2Connection implements FrameSink, BlockSink, StreamOwner, OutputOwner {
  readonly sender: Sender;
  readonly control: ControlFrames;
  /** Something came since this was last set back. */
  hasHeard = false;
  streamsOpened = 0;
  readonly guard = new FloodGuard();
  readonly #socket: Socket;
  readonly #handler: Http2Handler;
  readonly #open: OpenStreams;
  /** Answers that wait for a window, or for the socket. */
  readonly #answers: ByteBudget;
  readonly #output: Output;
  readonly #reader: FrameReader;
  readonly #headers = new HeaderFrames(this);
  readonly #decoder: HpackDecoder;
  readonly #heads = new RequestHeads();
  #receivedBytes = 0;
  #hasSettings = false;
  #isEnding = false;
  #isClosed = false;

  constructor(socket: Socket, shared: SharedByConnections, handler: Http2Handler) {
    const { limits, answers, turn } = shared;
    this.#socket = socket;
    this.#handler = handler;
    this.#open = new OpenStreams(limits.streamsPerConnectionMax);
    this.#answers = new ByteBudget(limits.answersWaitingPerConnectionBytesMax, answers);
    this.#output = new Output(socket, turn, this);
    const encoder = new HpackEncoder();
    this.sender = new Sender(this.#output, encoder);
    this.control = new ControlFrames(this, encoder, limits);
    this.#reader = new FrameReader(this);
    this.#decoder = new HpackDecoder({
      tableBytesMax: HTTP2.hpackTableBytesDefault,
      listBytesMax: limits.metadataBytesMax,
      fieldsMax: HTTP2.headerFieldsMax,
    });
    this.control.greet();
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => socket.destroySoon());
    socket.on('close', () => this.#onClose());
  }

  get streams(): ReadonlyMap<number, Http2Stream> {
    return this.#open.byId;
  }

  /** The client has said what HTTP/2 begins with. */
  get hasBegun(): boolean {
    return this.#hasSettings;
  }

  /** A header block has begun and not ended. */
  get hasPartialBlock(): boolean {
    return this.#headers.isPartial;
  }

  /** Asks for no further calls; those that the client makes before it hears of it are served. */
  announceEnd(): void {
    this.#goAway(STREAM_ID_MAX, ERROR.none, '');
  }

  /** No further call is served. Closes when those under way are done. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#open.lastServedId = this.#open.lastId;
    this.#goAway(this.#open.lastId, ERROR.none, '');
    this.#closeWhenDone();
  }

  /** Says why, and closes. What is no fault of the client's is told to nobody but the handler. */
  fail(foreign: unknown): void {
    if (this.#isClosed) return;
    const isCompression = foreign instanceof HpackError;
    const error = isCompression ? new ConnectionError(ERROR.compression, foreign.message) : foreign;
    this.#handler.onBroken(error);
    const isClients = error instanceof ConnectionError;
    const code = isClients ? error.code : ERROR.internal;
    const { lastId, lastServedId } = this.#open;
    this.#goAway(Math.min(lastId, lastServedId), code, isClients ? error.message : '');
    this.#abortStreams();
    this.#close();
    // The client may take its time for the last words, but not for ever.
    setTimeout(() => this.#socket.destroy(), HTTP2.goodbyeMs).unref();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  cut(reason: string): void {
    if (this.#socket.destroyed) return;
    this.#handler.onSlowReader(reason);
    this.#answers.detach();
    this.#socket.destroy();
  }

  /** Of answers. */
  get waitingBytes(): number {
    return this.#socket.destroyed ? 0 : this.#answers.bytes;
  }

  letWait(bytes: number): boolean {
    if (this.#socket.destroyed) return false;
    if (this.#answers.take(bytes)) return true;
    // Then it is not its own bound, but that of all, and it may not be its own fault.
    if (this.#answers.hasRoomFor(bytes)) this.#handler.onAnswersFull(bytes);
    if (!this.#socket.destroyed && this.#answers.take(bytes)) return true;
    this.onUnread();
    return false;
  }

  waitsNoMore(bytes: number): void {
    this.#answers.give(bytes);
  }

  remove(stream: Http2Stream, by: ClosedBy): void {
    this.#open.remove(stream, by);
    this.guard.earn(2);
    if (this.#isEnding) this.#closeWhenDone();
  }

  release(): void {
    this.#open.release();
    if (this.#isEnding) this.#closeWhenDone();
  }

  onRoom(): void {
    this.sender.resume();
  }

  onUnread(): void {
    this.cut('it leaves too much unread');
  }

  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    this.#headers.admit(type, streamId);
    if (!this.#hasSettings) this.#expectSettings(type, flags);
    if (type === FRAME.data) this.#onData(flags, streamId, bytes, start, end);
    else if (type === FRAME.headers) this.#headers.onHeaders(flags, streamId, bytes, start, end);
    else this.#onControl(type, flags, streamId, bytes, start, end);
  }

  #onControl(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    switch (type) {
      case FRAME.continuation:
        return this.#headers.onContinuation(flags, streamId, { bytes, start, end });
      case FRAME.windowUpdate:
        return this.#onWindowUpdate(streamId, bytes, start, end);
      case FRAME.resetStream:
        return this.#onResetStream(streamId, end - start);
      case FRAME.settings:
        return this.control.onSettings(flags, streamId, bytes, start, end);
      case FRAME.ping:
        return this.control.onPing(flags, streamId, bytes.subarray(start, end));
      case FRAME.priority:
        return this.control.onPriority(streamId, bytes, start, end);
      case FRAME.goAway:
        if (streamId !== 0) throw wrongStream('GOAWAY');
        if (end - start < GO_AWAY_BYTES_MIN) throw wrongLength('GOAWAY');
        return this.guard.spend(1);
      case FRAME.pushPromise:
        throw new ConnectionError(ERROR.protocol, 'a PUSH_PROMISE frame from a client');
      default:
        // Frames of extensions that we don't know. RFC 9113 5.5
        this.guard.spend(1);
    }
  }

  #read(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.hasHeard = true;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  #expectSettings(type: number, flags: number): void {
    if (type !== FRAME.settings || (flags & FLAG.ack) !== 0) {
      throw new ConnectionError(ERROR.protocol, 'the first frame is not SETTINGS');
    }
    this.#hasSettings = true;
  }

  #onData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#takeWindow(end - start);
    const stream = this.#open.byId.get(streamId);
    if (!stream?.isRequestOpen) return this.#onLate(streamId, stream, 'DATA');
    const isLast = (flags & FLAG.endStream) !== 0;
    const body = (flags & FLAG.padded) === 0 ? undefined : withoutPadding(flags, bytes, start, end);
    const from = body?.start ?? start;
    const to = body?.end ?? end;
    if (from === to && !isLast) this.guard.spend(1);
    try {
      stream.receive(bytes, from, to, end - start, isLast);
    } catch (error) {
      this.#endStream(error);
    }
  }

  #takeWindow(bytes: number): void {
    this.#receivedBytes += bytes;
    if (this.#receivedBytes > HTTP2.connectionWindowBytes) {
      throw new ConnectionError(ERROR.flowControl, 'more than the window of the connection');
    }
    if (this.#receivedBytes < HTTP2.connectionWindowBytes / 2) return;
    this.#output.windowUpdate(0, this.#receivedBytes);
    this.#receivedBytes = 0;
  }

  /** A header block is complete. */
  onBlock(streamId: number, isLast: boolean, bytes: Buffer, start: number, end: number): void {
    const fields = this.#decoder.decode(bytes, start, end);
    try {
      const stream = this.#open.byId.get(streamId);
      if (stream?.isRequestOpen) {
        if (!isLast) throw new StreamError(streamId, ERROR.protocol, 'headers amid the body');
        const problem = trailersProblem(fields);
        if (problem !== '') throw new StreamError(streamId, ERROR.protocol, problem);
        stream.receiveEnd();
      } else if (stream || streamId <= this.#open.lastId) {
        this.#onLate(streamId, stream, 'HEADERS');
      } else {
        this.#begin(streamId, isLast, this.#heads.of(fields));
      }
    } catch (error) {
      this.#endStream(error);
    }
  }

  #begin(streamId: number, isLast: boolean, head: RequestHead): void {
    if (streamId % 2 === 0) throw wrongStream('HEADERS');
    const open = this.#open;
    open.lastId = streamId;
    this.streamsOpened += 1;
    if (streamId > open.lastServedId) return this.guard.spend(1);
    if (open.isFullFor(head)) {
      throw new StreamError(streamId, ERROR.refusedStream, 'too many streams');
    }
    if (head.problem !== '' && !head.fields.tooLarge) {
      throw new StreamError(streamId, ERROR.protocol, head.problem);
    }
    const stream = new Http2Stream(streamId, head, !isLast, this);
    open.add(stream);
    this.#handler.open(stream, head);
    if (isLast && stream.isAnswerOpen) stream.receiveEnd();
  }

  /** A frame for a stream that its client has ended, or that is over. RFC 9113 5.1 */
  #onLate(streamId: number, stream: Http2Stream | undefined, name: string): void {
    if (this.#open.isIdle(streamId)) throw wrongStream(name);
    this.guard.spend(1);
    if (stream) throw new ConnectionError(ERROR.streamClosed, `${name} behind the end of a stream`);
    if (streamId > this.#open.lastServedId) return;
    const by = this.#open.closedBy(streamId);
    if (by === 'server') return;
    if (by === 'client')
      throw new ConnectionError(ERROR.streamClosed, `${name} on a closed stream`);
    if (name === 'HEADERS') throw new ConnectionError(ERROR.protocol, 'a stream id that goes back');
    this.#resetUnknown(streamId);
  }

  /** It was closed too long ago to know by whom. */
  #resetUnknown(streamId: number): void {
    this.guard.spend(HTTP2.resetCost);
    this.#output.resetStream(streamId, ERROR.streamClosed);
  }

  #endStream(error: unknown): void {
    if (!(error instanceof StreamError)) throw error;
    const { streamId, code } = error;
    // A client can make us do so as often as it likes, too.
    this.guard.spend(HTTP2.resetCost);
    const stream = this.#open.byId.get(streamId);
    this.#output.resetStream(streamId, code);
    if (!stream) {
      this.#open.refuse(streamId);
      return;
    }
    stream.abort();
    this.remove(stream, 'server');
  }

  #onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw wrongLength('WINDOW_UPDATE');
    this.guard.earn(this.sender.takeSentBytes() / HTTP2.windowUpdateBytes);
    this.guard.spend(1);
    const increment = bytes.readUInt32BE(start) & 0x7fff_ffff;
    if (streamId === 0) {
      if (increment === 0) throw new ConnectionError(ERROR.protocol, 'a window update of 0');
      this.sender.widen(increment);
      return;
    }
    const stream = this.#open.byId.get(streamId);
    if (this.#open.isIdle(streamId)) throw wrongStream('WINDOW_UPDATE');
    try {
      if (increment === 0) throw new StreamError(streamId, ERROR.protocol, 'a window update of 0');
      stream?.widen(increment);
      this.sender.resume();
    } catch (error) {
      this.#endStream(error);
    }
  }

  #onResetStream(streamId: number, payloadBytes: number): void {
    if (payloadBytes !== 4) throw wrongLength('RST_STREAM');
    if (this.#open.isIdle(streamId)) throw wrongStream('RST_STREAM');
    this.guard.spend(HTTP2.resetCost);
    const stream = this.#open.byId.get(streamId);
    if (!stream) return;
    stream.abort();
    this.remove(stream, 'client');
  }

  #goAway(lastStreamId: number, code: number, message: string): void {
    const debug = Buffer.from(message);
    this.#output.head(8 + debug.length, FRAME.goAway, 0, 0);
    this.#output.uint32(lastStreamId);
    this.#output.uint32(code);
    this.#output.bytes(debug);
  }

  #closeWhenDone(): void {
    if (this.streams.size === 0) this.#close();
  }

  /** What is said is sent, and then the client has a moment to close its side, too. */
  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#output.finish();
    this.#socket.end(() => {
      setTimeout(() => this.#socket.destroy(), HTTP2.goodbyeMs).unref();
    });
  }

  #abortStreams(): void {
    const streams = [...this.#open.byId.values()];
    this.#open.byId.clear();
    for (const stream of streams) stream.abort();
  }

  #onClose(): void {
    this.#isClosed = true;
    this.#abortStreams();
    this.#handler.onClosed();
  }
}

/** The last stream's id, and an error code. */
const GO_AWAY_BYTES_MIN = 8;
