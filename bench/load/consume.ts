/** Receives batches and acknowledges every message, on several streams at once. */
import type { CallObserver } from '../wire/open-call.ts';
import { encodeMessage, FieldReader } from '../wire/protobuf.ts';
import { OK, readStatus, statusOf } from '../wire/unary.ts';
import { LONG_POLL_SECONDS } from './client.ts';
import { dueOf, type Schedule } from './kinds.ts';
import { ID_CHARS, readSequence } from './message-id.ts';
import { ERROR_PAUSE_MS, type Run } from './run.ts';
import type { Session } from './session.ts';

/** The answer to a poll that found nothing. wire.md A.8 */
const MESSAGE_NOT_FOUND = 40_401;
const INVISIBLE_SECONDS = 60;
const ANY_QUEUE = -1;
const READ_WRITE = 4;
const FILTER_TYPE = { tag: 1, sql: 2 } as const;

export interface ConsumerOptions {
  readonly sessions: readonly Session[];
  readonly topics: readonly string[];
  readonly group: string;
  /** Receive calls open at a time, spread over sessions and topics. */
  readonly receivers: number;
  /** Messages that each asks for. */
  readonly batch: number;
  /** One AckMessage a message, or one a received batch. */
  readonly ack: 'single' | 'batch';
  /** As a push consumer asks: the server renews the lease. */
  readonly autoRenew: boolean;
  /** Every body must have this many bytes. */
  readonly bodyBytes: number;
  /** Messages of this run, whose way from the sender is to be timed. */
  readonly timed: boolean;
  readonly filter: string;
  readonly filterType: keyof typeof FILTER_TYPE;
  readonly schedule: Schedule;
  /** Scheduled messages: none may come before its time. */
  readonly scheduled: boolean;
}

export class Consumer {
  readonly run: Run;
  readonly options: ConsumerOptions;
  stopped = false;
  /** When the last message came, in ms of performance.now(). */
  lastArrivalAt = performance.now();

  constructor(run: Run, options: ConsumerOptions) {
    this.run = run;
    this.options = options;
  }

  start(): void {
    const { receivers, sessions, topics } = this.options;
    for (let index = 0; index < receivers; index++) {
      const session = sessions[index % sessions.length];
      const topic = topics[index % topics.length];
      if (session === undefined || topic === undefined) throw new Error('nothing to receive from');
      new Receiver(this, session, topic).next();
    }
  }

  /** Ends quietly: answers that still come are not followed by further calls. */
  stop(): void {
    this.stopped = true;
  }
}

interface Received {
  readonly id: string;
  readonly receiptHandle: string;
}

const outer = new FieldReader();
const middle = new FieldReader();
const inner = new FieldReader();
const innermost = new FieldReader();

/** One receive call at a time; the next when all messages of the last are acknowledged. */
class Receiver implements CallObserver {
  readonly #consumer: Consumer;
  readonly #session: Session;
  readonly #request: Buffer;
  readonly #resource: Buffer;
  readonly #group: Buffer;
  #problem: string | undefined;
  #batch: Received[] = [];
  #acksOpen = 0;

  constructor(consumer: Consumer, session: Session, topic: string) {
    this.#consumer = consumer;
    this.#session = session;
    this.#resource = encodeMessage([2, topic]);
    this.#group = encodeMessage([2, consumer.options.group]);
    this.#request = this.#receiveRequest(topic);
  }

  next(): void {
    if (this.#consumer.stopped) return;
    this.#problem = 'ReceiveMessage: no status';
    this.#session.connection.call('ReceiveMessage', this.#request, this);
  }

  /** A part of the answer: status, message or delivery time. wire.md A.8 */
  onMessage(bytes: Buffer, start: number, end: number): void {
    for (outer.open(bytes, start, end); outer.next();) {
      if (outer.number === 1) this.#onStatus(bytes, outer.start, outer.end);
      else if (outer.number === 2) this.#onReceived(bytes, outer.start, outer.end);
    }
  }

  onEnd(grpcStatus: number, grpcMessage: string): void {
    // A poll that is still open at the end fails as its client takes its leave.
    if (this.#consumer.stopped) return;
    if (grpcStatus !== 0) this.#problem = `ReceiveMessage: gRPC ${grpcStatus} ${grpcMessage}`;
    if (this.#problem !== undefined) {
      this.#consumer.run.errors.add(this.#problem);
      setTimeout(() => this.next(), ERROR_PAUSE_MS);
      return;
    }
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length === 0) this.next();
    else if (this.#consumer.options.ack === 'batch') this.#ack(batch);
    else for (const message of batch) this.#ack([message]);
  }

  onAcked(messages: number, problem: string | undefined): void {
    const { run } = this.#consumer;
    if (problem === undefined) run.acked += messages;
    else run.errors.add(problem);
    this.#acksOpen--;
    if (this.#acksOpen === 0) this.next();
  }

  #onStatus(bytes: Buffer, start: number, end: number): void {
    const { code, message } = readStatus(bytes, start, end);
    const good = code === OK || code === MESSAGE_NOT_FOUND;
    this.#problem = good ? undefined : `ReceiveMessage: ${code} ${message}`;
  }

  #onReceived(bytes: Buffer, start: number, end: number): void {
    const { run, options } = this.#consumer;
    const now = performance.now();
    this.#consumer.lastArrivalAt = now;
    let id = '';
    let receiptHandle = '';
    let bodyBytes = 0;
    let sequence: number | undefined;
    let storedMs = 0;
    for (middle.open(bytes, start, end); middle.next();) {
      if (middle.number === 4) bodyBytes = middle.end - middle.start;
      if (middle.number !== 3) continue;
      for (inner.open(bytes, middle.start, middle.end); inner.next();) {
        if (inner.number === 12) receiptHandle = inner.text();
        if (inner.number === 9 && options.scheduled) storedMs = timeOf(bytes, inner);
        if (inner.number !== 3) continue;
        id = inner.text();
        if (id.length !== ID_CHARS) continue;
        const isNew = run.arrivals.add(bytes, inner.start);
        if (isNew) sequence = readSequence(bytes, inner.start);
      }
    }
    if (id.length !== ID_CHARS) run.errors.add(`received a message with the id '${id}'`);
    if (receiptHandle === '') run.errors.add('received a message without a receipt handle');
    if (bodyBytes !== options.bodyBytes) run.errors.add(`received a body of ${bodyBytes} bytes`);
    if (sequence !== undefined) this.#time(sequence, now, storedMs);
    this.#batch.push({ id, receiptHandle });
  }

  #time(sequence: number, now: number, storedMs: number): void {
    const { run, options } = this.#consumer;
    const { timed, scheduled, schedule } = options;
    if (timed) {
      const tookMs = now - run.sendTimes.get(sequence);
      run.endToEndLatency.add(tookMs);
      if (scheduled && tookMs < schedule.delayMs) run.errors.add('came before it was due');
    } else if (scheduled && schedule.duePerSecond > 0) {
      const dueMs = dueOf(schedule, sequence);
      const lateMs = Date.now() - dueMs;
      if (lateMs < 0) run.errors.add('came before it was due');
      run.endToEndLatency.add(Math.max(0, lateMs));
      run.firedLatency.add(Math.max(0, storedMs - dueMs));
    }
  }

  #ack(messages: readonly Received[]): void {
    this.#acksOpen++;
    const request = encodeMessage(
      [1, this.#group],
      [2, this.#resource],
      ...messages.map(
        ({ id, receiptHandle }) => [3, encodeMessage([1, id], [2, receiptHandle])] as const,
      ),
    );
    const call = new AckCall(this.#consumer.run, this, messages.length);
    this.#session.connection.call('AckMessage', request, call);
  }

  #receiveRequest(topic: string): Buffer {
    const route = this.#session.routes.get(topic);
    if (route === undefined) throw new Error(`no route of ${topic}`);
    const { autoRenew, batch, filter, filterType } = this.#consumer.options;
    const queue = encodeMessage(
      [1, this.#resource],
      [2, ANY_QUEUE],
      [3, READ_WRITE],
      [4, route.broker],
    );
    const lease = autoRenew ? [] : ([[5, encodeMessage([1, INVISIBLE_SECONDS])]] as const);
    return encodeMessage(
      [1, this.#group],
      [2, queue],
      [3, encodeMessage([1, FILTER_TYPE[filterType]], [2, filter])],
      [4, batch],
      ...lease,
      [6, autoRenew ? 1 : 0],
      [7, encodeMessage([1, LONG_POLL_SECONDS])],
    );
  }
}

/** A Timestamp in ms since 1970. */
function timeOf(bytes: Buffer, { start, end }: FieldReader): number {
  let ms = 0;
  for (innermost.open(bytes, start, end); innermost.next();) {
    if (innermost.number === 1) ms += innermost.value * 1000;
    if (innermost.number === 2) ms += innermost.value / 1e6;
  }
  return ms;
}

class AckCall implements CallObserver {
  readonly #run: Run;
  readonly #receiver: Receiver;
  readonly #messages: number;
  readonly #startedAt = performance.now();
  #problem: string | undefined = 'AckMessage: no answer';

  constructor(run: Run, receiver: Receiver, messages: number) {
    this.#run = run;
    this.#receiver = receiver;
    this.#messages = messages;
  }

  /** Overall OK means that every entry is. wire.md A.9 */
  onMessage(bytes: Buffer, start: number, end: number): void {
    const { code, message } = statusOf(bytes, start, end);
    this.#problem = code === OK ? undefined : `AckMessage: ${code} ${message}`;
  }

  onEnd(grpcStatus: number, grpcMessage: string): void {
    if (grpcStatus !== 0) this.#problem = `AckMessage: gRPC ${grpcStatus} ${grpcMessage}`;
    if (this.#problem === undefined) this.#run.ackLatency.add(performance.now() - this.#startedAt);
    this.#receiver.onAcked(this.#messages, this.#problem);
  }
}
