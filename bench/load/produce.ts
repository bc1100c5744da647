/** Keeps a fixed number of SendMessage calls in flight. */
import type { CallObserver } from '../wire/open-call.ts';
import { encodeMessage, FieldReader } from '../wire/protobuf.ts';
import { OK, readStatus, statusOf } from '../wire/unary.ts';
import { ERROR_PAUSE_MS, type Run } from './run.ts';
import type { SendRequest } from './send-request.ts';
import type { Session } from './session.ts';

export interface ProducerOptions {
  readonly sessions: readonly Session[];
  /** One a topic; the messages go round them. */
  readonly requests: readonly SendRequest[];
  readonly inFlight: number;
  /** After this many messages no more are sent; Infinity: until `stop()`. */
  readonly messages: number;
  /** They are transactions: each is committed when its half is stored, and counts only then. */
  readonly commits: boolean;
}

export class Producer {
  readonly #run: Run;
  readonly #options: ProducerOptions;
  #nextSequence = 0;
  #busy = 0;
  #stopped = false;
  #finish: () => void = () => undefined;
  /** Resolves when the last call is answered, after `messages` or `stop()`. */
  readonly finished: Promise<void>;

  constructor(run: Run, options: ProducerOptions) {
    this.#run = run;
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  start(): void {
    this.#busy = this.#options.inFlight;
    for (let index = 0; index < this.#options.inFlight; index++) {
      const session = this.#options.sessions[index % this.#options.sessions.length];
      if (session === undefined) throw new Error('a producer needs a session');
      new Slot(this, this.#run, session).next();
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The number of the next message, or undefined when there is none to send any more. */
  take(): number | undefined {
    if (this.#stopped || this.#nextSequence >= this.#options.messages) {
      this.#busy--;
      if (this.#busy === 0) this.#finish();
      return undefined;
    }
    return this.#nextSequence++;
  }

  get commits(): boolean {
    return this.#options.commits;
  }

  request(sequence: number): SendRequest {
    const { requests } = this.#options;
    // Rounds of topics, not messages, step the queue: else a topic would only see some of its own.
    const request = requests[sequence % requests.length];
    if (request === undefined) throw new Error('a producer needs a topic');
    request.patch(sequence, Math.floor(sequence / requests.length));
    return request;
  }
}

const reader = new FieldReader();

/** What is wrong with a SendMessageResponse to one message; undefined when nothing is. */
function sendProblem(answer: Buffer, start: number, end: number): string | undefined {
  let entries = 0;
  let problem: string | undefined = 'SendMessage: no status';
  for (reader.open(answer, start, end); reader.next();) {
    if (reader.number === 1) {
      const status = readStatus(answer, reader.start, reader.end);
      problem = status.code === OK ? undefined : `SendMessage: ${status.code} ${status.message}`;
    } else if (reader.number === 2) {
      entries++;
    }
  }
  // With one message, the overall status is the entry's. wire.md A.7
  return problem ?? (entries === 1 ? undefined : `SendMessage: ${entries} entries, not 1`);
}

/** One call at a time, the next as soon as it is answered. */
class Slot implements CallObserver {
  readonly #producer: Producer;
  readonly #run: Run;
  readonly #session: Session;
  #startedAt = 0;
  #problem: string | undefined;
  #topic = '';
  /** The EndTransaction that follows, once the half is answered. */
  #commit: Buffer | undefined;

  constructor(producer: Producer, run: Run, session: Session) {
    this.#producer = producer;
    this.#run = run;
    this.#session = session;
  }

  next(): void {
    const sequence = this.#producer.take();
    if (sequence === undefined) return;
    this.#problem = 'SendMessage: no answer';
    this.#startedAt = performance.now();
    this.#run.sendTimes.set(sequence, this.#startedAt);
    const request = this.#producer.request(sequence);
    this.#topic = request.topic;
    this.#session.connection.call('SendMessage', request.bytes, this);
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    this.#problem = sendProblem(bytes, start, end);
    if (this.#producer.commits && this.#problem === undefined) {
      this.#commit = commitRequest(this.#topic, bytes, start, end);
    }
  }

  onEnd(grpcStatus: number, grpcMessage: string): void {
    if (grpcStatus !== 0) this.#problem = `SendMessage: gRPC ${grpcStatus} ${grpcMessage}`;
    if (this.#problem !== undefined) {
      this.#run.errors.add(this.#problem);
      setTimeout(() => this.next(), ERROR_PAUSE_MS);
      return;
    }
    const commit = this.#commit;
    this.#commit = undefined;
    if (commit) new CommitCall(this.#session, commit, (problem) => this.#onDone(problem)).start();
    else this.#onDone(undefined);
  }

  #onDone(problem: string | undefined): void {
    if (problem !== undefined) {
      this.#run.errors.add(problem);
      setTimeout(() => this.next(), ERROR_PAUSE_MS);
      return;
    }
    this.#run.sent++;
    this.#run.sendLatency.add(performance.now() - this.#startedAt);
    this.next();
  }
}

const COMMIT = 1;
const FROM_CLIENT = 1;
const entryReader = new FieldReader();

/** From the answer to the half of one message. */
function commitRequest(topic: string, answer: Buffer, start: number, end: number): Buffer {
  let [messageId, transactionId] = ['', ''];
  for (reader.open(answer, start, end); reader.next();) {
    if (reader.number !== 2) continue;
    for (entryReader.open(answer, reader.start, reader.end); entryReader.next();) {
      if (entryReader.number === 2) messageId = entryReader.text();
      if (entryReader.number === 3) transactionId = entryReader.text();
    }
  }
  const resource = encodeMessage([2, topic]);
  return encodeMessage(
    [1, resource],
    [2, messageId],
    [3, transactionId],
    [4, COMMIT],
    [5, FROM_CLIENT],
  );
}

class CommitCall implements CallObserver {
  readonly #session: Session;
  readonly #request: Buffer;
  readonly #onDone: (problem: string | undefined) => void;
  #problem: string | undefined = 'EndTransaction: no answer';

  constructor(session: Session, request: Buffer, onDone: (problem?: string) => void) {
    this.#session = session;
    this.#request = request;
    this.#onDone = onDone;
  }

  start(): void {
    this.#session.connection.call('EndTransaction', this.#request, this);
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    const { code, message } = statusOf(bytes, start, end);
    this.#problem = code === OK ? undefined : `EndTransaction: ${code} ${message}`;
  }

  onEnd(grpcStatus: number, grpcMessage: string): void {
    if (grpcStatus !== 0) this.#problem = `EndTransaction: gRPC ${grpcStatus} ${grpcMessage}`;
    this.#onDone(this.#problem);
  }
}
