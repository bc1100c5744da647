/** What all calls over our own transport have in common: context, end, cancellation. */
import { HTTP2 } from '#lib/transport-limits';
import type { Log } from '#lib/log';
import {
  ANSWER_HEADERS,
  failureFields,
  type Failure,
  OK_TRAILERS,
} from '#proto/grpc-wire/answer-headers';
import type { Inflater } from '#proto/grpc-wire/inflater';
import {
  MessageReader,
  type PartialBudget,
  PREFIX_BYTES,
  takeFrom,
} from '#proto/grpc-wire/message-reader';
import { GRPC_STATUS, WireFailure } from '#proto/grpc-wire/wire-failure';
import type { Call } from '#proto/grpc-transport/call';
import { CallFailure } from '#proto/grpc-transport/call-failure';
import type { CallCounters } from '#proto/grpc-transport/listener-options';
import { logUnforeseen, UNFORESEEN } from '#proto/grpc-transport/unforeseen';
import { ERROR } from '#proto/http2/protocol';
import type { RequestHead } from '#proto/http2/request-head';
import type { Http2Stream, Receiver } from '#proto/http2/stream';

/** What a call begins with. */
export interface CallStart {
  readonly stream: Http2Stream;
  readonly head: RequestHead;
  /** Infinity when the client set no deadline. */
  readonly timeoutMs: number;
}

/** What the calls of a connection share. */
export interface CallContext {
  readonly peer: string;
  readonly listener: string;
  readonly log: Log;
  readonly counters: CallCounters;
  readonly partialRequests: PartialBudget;
  readonly inflater: Inflater;
  readonly requestBytesMax: number;
  readonly backlogMessagesMax: number;
  cutSlowReader(): void;
}

/** Behind it comes the message. One for all: it is copied at once. */
const prefix = Buffer.alloc(PREFIX_BYTES);

/** Node's timers count in 31 bits: a call with a deadline beyond some 24 days has none. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export abstract class WireCall implements Call, Receiver {
  readonly deadlineMs: number;
  /** The request is not complete, and nothing can be done before it is. */
  isAwaited: boolean;
  protected readonly stream: Http2Stream;
  protected readonly context: CallContext;
  readonly #head: RequestHead;
  #reader: MessageReader | undefined;
  /** Compressed messages are unpacked one after the other; what comes later waits for them. */
  #unpacking: Promise<void> | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #onCancel: (() => void)[] | undefined;
  /** Of the request, as long as it can't be handled. */
  #heldBytes = 0;
  #isCancelled = false;
  #isOver = false;
  #isWorking = false;
  #hasHeaders = false;

  constructor(start: CallStart, context: CallContext, isAwaited: boolean) {
    const { stream, head, timeoutMs } = start;
    this.stream = stream;
    this.context = context;
    this.isAwaited = isAwaited;
    this.#head = head;
    this.deadlineMs = timeoutMs === Infinity ? Infinity : Date.now() + timeoutMs;
    if (timeoutMs <= TIMER_MS_MAX) this.#deadline = setTimeout(onDeadline, timeoutMs, this);
  }

  get clientId(): string {
    return this.header('x-mq-client-id');
  }

  get language(): string {
    return this.header('x-mq-language');
  }

  get clientVersion(): string {
    return this.header('x-mq-client-version');
  }

  get namespace(): string {
    return this.header('x-mq-namespace');
  }

  get peer(): string {
    return this.context.peer;
  }

  get listener(): string {
    return this.context.listener;
  }

  get authority(): string {
    return this.#head.authority;
  }

  get path(): string {
    return this.#head.path;
  }

  get cancelled(): boolean {
    return this.#isCancelled;
  }

  /** Answered, failed or cut short. */
  protected get isOver(): boolean {
    return this.#isOver;
  }

  header(name: string): string {
    return this.#head.fields.get(name);
  }

  binaryHeader(name: string): Buffer | undefined {
    const first = this.#head.fields.find(name)?.split(',', 1)[0];
    return first === undefined ? undefined : Buffer.from(first, 'base64');
  }

  onCancel(listener: () => void): void {
    if (this.#isCancelled) listener();
    else (this.#onCancel ??= []).push(listener);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return;
    const { partialRequests, requestBytesMax } = this.context;
    const messageBytes = end - start - PREFIX_BYTES;
    if (!this.#reader && messageBytes <= requestBytesMax && isOneMessage(bytes, start, end)) {
      this.#take(bytes.subarray(start + PREFIX_BYTES, end));
      return;
    }
    const sink = {
      onMessage: (message: Buffer, isCompressed: boolean) => {
        if (isCompressed) this.#unpack(message);
        else this.#take(message);
      },
    };
    this.#reader ??= new MessageReader(sink, partialRequests, requestBytesMax);
    try {
      this.#reader.push(bytes, start, end);
    } catch (error) {
      this.fail(error);
    }
    // What came behind the message that ended it.
    if (this.#isOver) this.#reader.drop();
  }

  onEnd(): void {
    this.isAwaited = false;
    if (this.#isOver) return;
    if (this.#reader?.isPartial) {
      this.fail(new WireFailure(GRPC_STATUS.internal, 'the request ends within a message'));
    } else if (this.#unpacking) {
      this.#unpacking = this.#unpacking.then(() => this.#finishRequest());
    } else {
      this.#finishRequest();
    }
  }

  onClosed(): void {
    // What a client gives up after it was answered is not cancelled any more.
    if (this.#isOver) return;
    this.#isCancelled = true;
    this.#finish();
    this.#tellCancelled();
  }

  onOverdue(): void {
    this.fail(new WireFailure(GRPC_STATUS.deadlineExceeded, 'the request did not come to its end'));
  }

  onDeadline(): void {
    if (this.#isOver) return;
    this.#isCancelled = true;
    if (this.stream.queuedBytes > 0) {
      // Behind what the client does not read, nothing would arrive.
      this.stream.reset(ERROR.cancel);
      this.#finish();
    } else {
      this.fail(new WireFailure(GRPC_STATUS.deadlineExceeded, 'the deadline has passed'));
    }
    this.#tellCancelled();
  }

  abstract onWritable(): void;

  /** A message of the request. What it throws fails the call. */
  protected abstract onMessage(message: Buffer): void;

  /** The request is complete. What it throws fails the call. */
  protected abstract onRequest(): void;

  /** Answered, failed or cut short: nothing more is sent. */
  protected abstract onOver(): void;

  /** Something has come of a message that is not complete. */
  protected get hasPartialMessage(): boolean {
    return this.#reader?.isPartial ?? false;
  }

  /** Counts what is kept until the request can be handled. @throws WireFailure for too much */
  protected hold(bytes: number): void {
    takeFrom(this.context.partialRequests, bytes);
    this.#heldBytes += bytes;
  }

  protected letGo(bytes: number): void {
    // What was left at the end is not counted any more.
    if (this.#isOver) return;
    this.context.partialRequests.give(bytes);
    this.#heldBytes -= bytes;
  }

  /** The handler begins. Its stream is in use until it has ended, also when nobody waits for it. */
  protected begin(): void {
    this.context.counters.started++;
    this.#isWorking = true;
  }

  /** The handler has ended. */
  protected settle(): void {
    this.#isWorking = false;
    if (this.#isOver) this.stream.release();
  }

  protected send(message: Buffer): boolean {
    if (!this.#hasHeaders) {
      this.#hasHeaders = true;
      this.stream.sendHeaders(ANSWER_HEADERS);
    }
    prefix.writeUInt32BE(message.length, 1);
    return this.stream.sendData(prefix, message);
  }

  protected succeed(): void {
    if (this.#isOver) return;
    if (!this.#hasHeaders) this.stream.sendHeaders(ANSWER_HEADERS);
    this.stream.sendTrailers(OK_TRAILERS);
    this.#finish();
  }

  /** With what was thrown; its text is only told when it is meant for the client. */
  protected fail(error: unknown): void {
    if (this.#isOver) return;
    if (isFailure(error)) {
      this.failWith(error);
      return;
    }
    logUnforeseen(error, this, this.context);
    this.failWith(UNFORESEEN);
  }

  protected failWith(failure: Failure): void {
    if (this.#isOver) return;
    this.stream.sendTrailers(failureFields(failure, this.#hasHeaders));
    this.#finish();
  }

  #take(message: Buffer): void {
    if (this.#unpacking) this.#queue(message, () => message);
    else this.#hand(message);
  }

  /** Hands on what becomes of a message, when those before it are. */
  #queue(message: Buffer, unpack: () => Buffer | Promise<Buffer | undefined>): void {
    const bytes = message.length + HTTP2.waitingMessageBytes;
    this.hold(bytes);
    const before = this.#unpacking ?? Promise.resolve();
    this.#unpacking = before.then(async () => {
      if (this.#isOver) return;
      try {
        const unpacked = await unpack();
        this.letGo(bytes);
        if (unpacked) this.#hand(unpacked);
      } catch (error) {
        this.fail(error);
      }
    });
  }

  #hand(message: Buffer): void {
    if (this.#isOver) return;
    try {
      this.onMessage(message);
    } catch (error) {
      this.fail(error);
    }
  }

  #unpack(message: Buffer): void {
    const encoding = this.header('grpc-encoding');
    if (encoding !== 'gzip') throw wrongEncoding(encoding);
    this.#queue(message, () => this.context.inflater.inflate(message, () => !this.#isOver));
  }

  #finishRequest(): void {
    if (this.#isOver) return;
    try {
      this.onRequest();
    } catch (error) {
      this.fail(error);
    }
  }

  #tellCancelled(): void {
    const listeners = this.#onCancel ?? [];
    this.#onCancel = undefined;
    for (const listener of listeners) listener();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.isAwaited = false;
    clearTimeout(this.#deadline);
    this.#reader?.drop();
    this.context.partialRequests.give(this.#heldBytes);
    if (!this.#isWorking) this.stream.release();
    this.onOver();
  }
}

function onDeadline(call: WireCall): void {
  call.onDeadline();
}

function isOneMessage(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start >= PREFIX_BYTES &&
    bytes[start] === 0 &&
    bytes.readUInt32BE(start + 1) === end - start - PREFIX_BYTES
  );
}

function isFailure(error: unknown): error is Failure & Error {
  return error instanceof WireFailure || error instanceof CallFailure;
}

function wrongEncoding(encoding: string): WireFailure {
  const isSaid = encoding !== '' && encoding !== 'identity';
  const message = isSaid
    ? `messages are taken as identity or gzip, not as ${encoding}`
    : 'a compressed message whose encoding is not said';
  return new WireFailure(isSaid ? GRPC_STATUS.unimplemented : GRPC_STATUS.internal, message);
}
