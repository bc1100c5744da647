/**
 * What a case needs of a client, whatever the language behind it, so that each case is written
 * once. Every failure that the server decided is a ClientFailure with the number of its code.
 */

export interface OutgoingMessage {
  topic: string;
  body: Buffer;
  tag?: string;
  keys?: readonly string[];
  properties?: Readonly<Record<string, string>>;
  /** Makes it a message of kind fifo. */
  messageGroup?: string;
  /** Makes it a message of kind delay. */
  deliveryAtMs?: number;
}

export interface ReceivedMessage {
  readonly messageId: string;
  readonly topic: string;
  readonly tag: string | undefined;
  readonly keys: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly bornHost: string;
  readonly bornAtMs: number;
  readonly deliveryAttempt: number;
  /** The client found that the body does not have the digest that came with it. */
  readonly corrupted: boolean;
  /** When this process learned of it, in ms of `performance.now()`. */
  readonly receivedAtMs: number;
}

export interface Producer {
  send(message: OutgoingMessage): Promise<{ messageId: string }>;
  shutdown(): Promise<void>;
}

export interface Transaction {
  readonly messageId: string;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** What a producer says that is asked how a transaction ended; undefined: it doesn't know yet. */
export type Verdict = 'commit' | 'rollback' | undefined;

export interface TransactionProducer {
  /** Sends a half message. */
  begin(message: OutgoingMessage): Promise<Transaction>;
  shutdown(): Promise<void>;
}

export interface SimpleConsumer {
  /** Asks one queue of the topic once. */
  receive(maxMessages: number, invisibleMs: number): Promise<ReceivedMessage[]>;
  /** Uses the handle that the client keeps in the message. */
  ack(message: ReceivedMessage): Promise<void>;
  /** Replaces the handle that the client keeps in the message. */
  changeInvisible(message: ReceivedMessage, invisibleMs: number): Promise<void>;
  shutdown(): Promise<void>;
}

export interface PushConsumer {
  /** All that the listener saw, in order, with repetitions. */
  readonly received: readonly ReceivedMessage[];
  shutdown(): Promise<void>;
}

export interface Subscription {
  group: string;
  topic: string;
  /** `*`, or tags joined by `||`. */
  filter?: string;
  /** A condition of SQL92 instead. */
  sql?: string;
}

/**
 * Clients wait this long for an answer, not the default 3 s, so that a busy machine is no failure.
 */
export const REQUEST_TIMEOUT_MS = 10_000;

export interface Clients {
  readonly language: string;
  /** The largest body that this client can take in, whatever the server allows. */
  readonly bodyBytesReceivable: number;
  /** How long this client has a message wait that its listener failed for the first time. */
  readonly firstBackoffMs: number;
  producer(topics: readonly string[]): Promise<Producer>;
  /** `check` is what the server asks about transactions that have not ended. */
  transactionProducer(
    topic: string,
    check: (message: ReceivedMessage) => Verdict,
  ): Promise<TransactionProducer>;
  simpleConsumer(subscription: Subscription, awaitMs: number): Promise<SimpleConsumer>;
  /** `succeeds` decides what the listener answers; always success unless given. */
  pushConsumer(
    subscription: Subscription,
    succeeds?: (message: ReceivedMessage) => boolean,
  ): Promise<PushConsumer>;
  /** Ends whatever was started and still runs, without waiting for polls that are under way. */
  close(): Promise<void>;
}

/** The server's refusal, as the client reports it. */
export class ClientFailure extends Error {
  /** wire.md A.2; undefined when the client refused without asking the server. */
  readonly code: number | undefined;

  constructor(code: number | undefined, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ClientFailure';
    this.code = code;
  }
}

/** The code of the failure that `work` must end in; undefined if the client refused by itself. */
export async function failureCode(work: Promise<unknown>): Promise<number | undefined> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ClientFailure) return error.code;
    throw error;
  }
  throw new Error('expected a failure, but the call succeeded');
}
