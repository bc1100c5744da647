/** One request and its answer. RFC 9113 5.1 */
import { HTTP2 } from '#lib/transport-limits';
import type { ClosedBy } from '#proto/http2/closed-streams';
import { StreamError } from '#proto/http2/errors';
import type { EncodableFields } from '#proto/http2/hpack/encoder';
import { ERROR, FLAG, FRAME, WINDOW_BYTES_MAX } from '#proto/http2/protocol';
import type { RequestHead } from '#proto/http2/request-head';
import type { Sender } from '#proto/http2/sender';

/** Who gets what comes on a stream. */
export interface Receiver {
  /** More of the request's body: `bytes` from `start` to `end`, views of which may be kept. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The request is complete. */
  onEnd(): void;
  /** The client gave up, or the connection is gone, before all was said. */
  onClosed(): void;
  /** What waited is sent, but for little: the answer may go on. */
  onWritable(): void;
  /** Nothing can be done before the request is complete. */
  readonly isAwaited: boolean;
  /** That has lasted too long. */
  onOverdue(): void;
}

/** The connection, as its streams see it. */
export interface StreamOwner {
  readonly sender: Sender;
  /** The stream is over on both sides. */
  remove(stream: Http2Stream, by: ClosedBy): void;
  /** There is nobody left who works for it: others may take its place. */
  release(): void;
  /** Returns false when so much must not wait for the client: the connection was cut. */
  letWait(bytes: number): boolean;
  /** So much of that waits no more. */
  waitsNoMore(bytes: number): void;
}

export class Http2Stream {
  readonly id: number;
  /** Of the header list that it began with. */
  readonly headersBytes: number;
  readonly #owner: StreamOwner;
  /** Set by the connection before anything else. */
  receiver!: Receiver;
  /** The client may still send. */
  isRequestOpen: boolean;
  /** We may still send. */
  isAnswerOpen = true;
  sendWindow: number;
  /** What is sent so far: a reader that takes nothing is found by it. */
  sentBytes = 0;
  queuedBytes = 0;
  /** For those who look after timeouts: `sentBytes` at their last look, and since when. */
  checkedBytes = -1;
  awaitedSinceMs: number | undefined;
  /** Of the request: since the window was last widened, in all, and as the client said before. */
  #receivedBytes = 0;
  #bodyBytes = 0;
  readonly #contentBytes: number;
  #queue: Buffer[] = [];
  /** What the owner let wait. */
  #waitingBytes = 0;
  #trailers: EncodableFields | undefined;
  #isWaitedFor = false;
  #isReleased = false;

  constructor(id: number, head: RequestHead, isRequestOpen: boolean, owner: StreamOwner) {
    this.id = id;
    this.headersBytes = head.fields.keptBytes;
    this.#owner = owner;
    this.isRequestOpen = isRequestOpen;
    this.sendWindow = owner.sender.streamWindow;
    this.#contentBytes = head.contentBytes;
  }

  /** Pieces of the answer that wait, as they were given: with what goes before them, two each. */
  get queuedMessages(): number {
    return this.#queue.length / 2;
  }

  /** Not more waits than a handler may leave behind. */
  get isWritable(): boolean {
    return !this.#isWaitedFor;
  }

  sendHeaders(fields: EncodableFields): void {
    if (this.isAnswerOpen) this.#owner.sender.headers(this.id, fields, false);
  }

  /** Returns false when the handler should wait for `onWritable`. `body` must not change later. */
  sendData(prefix: Buffer, body: Buffer): boolean {
    if (!this.isAnswerOpen) return true;
    const { sender } = this.#owner;
    const bytes = prefix.length + body.length;
    if (this.#queue.length === 0 && sender.admits(this, bytes)) {
      const { output } = sender;
      sender.window -= bytes;
      this.sendWindow -= bytes;
      this.sentBytes += bytes;
      output.head(bytes, FRAME.data, 0, this.id);
      output.bytes(prefix);
      output.bytes(body);
      return true;
    }
    this.#wait(prefix, body);
    return !this.#isWaitedFor;
  }

  /** Ends the answer, behind what waits. */
  sendTrailers(fields: EncodableFields): void {
    if (!this.isAnswerOpen) return;
    const { sender } = this.#owner;
    if (this.#queue.length > 0) {
      this.#trailers = fields;
      return;
    }
    if (fields.length > 0) sender.headers(this.id, fields, true);
    else sender.output.head(0, FRAME.data, FLAG.endStream, this.id);
    this.isAnswerOpen = false;
    // What the client still sends is of no use. RFC 9113 8.1
    if (this.isRequestOpen) sender.output.resetStream(this.id, ERROR.none);
    this.#owner.remove(this, this.isRequestOpen ? 'server' : 'client');
  }

  /** Ends the answer, behind what waits, where nothing but data belongs to it. */
  sendEnd(): void {
    this.sendTrailers(NO_TRAILERS);
  }

  /** Ends it with an error code, and drops what waits. The receiver is not told. */
  reset(code: number): void {
    if (!this.isAnswerOpen) return;
    this.#drop();
    this.#owner.sender.output.resetStream(this.id, code);
    this.#owner.remove(this, 'server');
  }

  /** The handler is done with it. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#owner.release();
  }

  /** @throws StreamError when it is more than the client said, or than it may send */
  receive(bytes: Buffer, start: number, end: number, frameBytes: number, isLast: boolean): void {
    this.#receivedBytes += frameBytes;
    if (this.#receivedBytes > HTTP2.streamWindowBytes) {
      throw new StreamError(this.id, ERROR.flowControl, 'more than the window of the stream');
    }
    this.#bodyBytes += end - start;
    if (isLast) this.isRequestOpen = false;
    this.#checkContentBytes(isLast);
    if (end > start) this.receiver.onData(bytes, start, end);
    if (isLast) {
      this.receiver.onEnd();
    } else if (this.#receivedBytes >= HTTP2.streamWindowBytes / 2 && this.isAnswerOpen) {
      this.#owner.sender.output.windowUpdate(this.id, this.#receivedBytes);
      this.#receivedBytes = 0;
    }
  }

  /** The request ends without a body, or with trailers behind it. */
  receiveEnd(): void {
    this.isRequestOpen = false;
    this.#checkContentBytes(true);
    this.receiver.onEnd();
  }

  /**
   * What waits goes on when the sender resumes.
   *
   * @throws StreamError when the window gets larger than there is
   */
  widen(bytes: number): void {
    this.sendWindow += bytes;
    if (this.sendWindow > WINDOW_BYTES_MAX) {
      throw new StreamError(this.id, ERROR.flowControl, 'the window of the stream is too large');
    }
    if (this.#queue.length > 0) this.#owner.sender.setReady(this, this.sendWindow > 0);
  }

  /** One frame of what waits; the sender has made sure that there is room for it. */
  sendWaiting(): void {
    const { sender } = this.#owner;
    const bytes = Math.min(this.queuedBytes, this.sendWindow, sender.window, sender.frameBytesMax);
    sender.window -= bytes;
    this.sendWindow -= bytes;
    this.sentBytes += bytes;
    sender.output.head(bytes, FRAME.data, 0, this.id);
    this.#writeQueued(bytes);
    if (this.sendWindow <= 0 || this.#queue.length === 0) sender.setReady(this, false);
    if (this.#queue.length === 0 && this.#trailers) this.sendTrailers(this.#trailers);
    else if (this.#isWaitedFor && this.queuedBytes < HTTP2.streamBacklogBytes / 2) {
      this.#isWaitedFor = false;
      this.receiver.onWritable();
    }
  }

  /** It was ended from outside: by the client, or with the connection. */
  abort(): void {
    this.#drop();
    this.receiver.onClosed();
  }

  #wait(prefix: Buffer, body: Buffer): void {
    const { sender } = this.#owner;
    const bytes = prefix.length + body.length;
    const waitingBytes = bytes + 2 * WAITING_PART_BYTES;
    if (!this.#owner.letWait(waitingBytes)) {
      // The stream is about to be told of its end: a handler must not write on until then.
      this.#isWaitedFor = true;
      return;
    }
    this.#waitingBytes += waitingBytes;
    this.#queue.push(Buffer.from(prefix));
    this.#queue.push(body);
    this.queuedBytes += bytes;
    if (this.queuedBytes > HTTP2.streamBacklogBytes) this.#isWaitedFor = true;
    sender.setReady(this, this.sendWindow > 0);
    sender.resume();
  }

  #writeQueued(bytes: number): void {
    const { sender } = this.#owner;
    this.queuedBytes -= bytes;
    let parts = 0;
    // Parts without bytes go with those before them: nothing else would take them away.
    for (let left = bytes; left > 0 || this.#queue[parts]?.length === 0;) {
      const part = this.#queue[parts] as Buffer;
      const taken = Math.min(left, part.length);
      sender.output.bytes(taken === part.length ? part : part.subarray(0, taken));
      if (taken === part.length) parts += 1;
      else this.#queue[parts] = part.subarray(taken);
      left -= taken;
    }
    if (parts > 0) this.#queue.splice(0, parts);
    this.#waitNoMore(bytes + parts * WAITING_PART_BYTES);
  }

  #waitNoMore(bytes: number): void {
    this.#waitingBytes -= bytes;
    this.#owner.waitsNoMore(bytes);
  }

  #drop(): void {
    const { sender } = this.#owner;
    this.isRequestOpen = false;
    this.isAnswerOpen = false;
    this.#waitNoMore(this.#waitingBytes);
    this.queuedBytes = 0;
    this.#queue = [];
    this.#trailers = undefined;
    sender.setReady(this, false);
  }

  #checkContentBytes(isLast: boolean): void {
    if (this.#contentBytes < 0) return;
    const isWrong = isLast
      ? this.#bodyBytes !== this.#contentBytes
      : this.#bodyBytes > this.#contentBytes;
    if (isWrong) {
      throw new StreamError(this.id, ERROR.protocol, 'the body is not as long as content-length');
    }
  }
}

const NO_TRAILERS: EncodableFields = [];
/** A message is two. */
const WAITING_PART_BYTES = HTTP2.waitingMessageBytes / 2;
