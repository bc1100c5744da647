import { createRequire } from 'node:module';
import {
  ClientException,
  ConsumeResult,
  FilterExpression,
  Producer as RocketmqProducer,
  PushConsumer as RocketmqPushConsumer,
  SimpleConsumer as RocketmqSimpleConsumer,
  type MessageView,
} from 'rocketmq-client-nodejs';
import { FilterType, TransactionResolution } from '#proto/types';
import {
  ClientFailure,
  REQUEST_TIMEOUT_MS,
  type Clients,
  type OutgoingMessage,
  type Producer,
  type PushConsumer,
  type ReceivedMessage,
  type SimpleConsumer,
  type TransactionProducer,
  type Verdict,
  type Subscription,
} from './clients.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const silent = { info() {}, warn() {}, error() {}, debug() {}, close() {} };
silenceDefaultLogger();
/** The client keeps these names to itself. */
type RocketmqTransaction = ReturnType<RocketmqProducer['beginTransaction']>;
const RESOLUTIONS = {
  commit: TransactionResolution.COMMIT,
  rollback: TransactionResolution.ROLLBACK,
  none: TransactionResolution.TRANSACTION_RESOLUTION_UNSPECIFIED,
} as const;

/** The public Node client, rocketmq-client-nodejs, over plaintext as it dials by default. */
export class NodeClients implements Clients {
  readonly language = 'Node';
  /** The default of grpc-js for a whole answer, which this client leaves as it is. */
  readonly bodyBytesReceivable = 4 * MIB - KIB;
  /** It does not know a backoff given as a list, and asks for 0 then. wire.md A.5 */
  readonly firstBackoffMs = 0;
  readonly #common: {
    endpoints: string;
    namespace: string;
    logger: typeof silent;
    requestTimeout: number;
  };
  readonly #running = new Set<{ shutdown(): Promise<void> }>();
  readonly #abandoned: Promise<void>[] = [];

  constructor(endpoints: string) {
    this.#common = { endpoints, namespace: '', logger: silent, requestTimeout: REQUEST_TIMEOUT_MS };
  }

  async producer(topics: readonly string[]): Promise<Producer> {
    // With two topics or more its start hangs when the settings come before the second route: it
    // begins to listen for them only then. The other topics' routes are fetched at the first send.
    const producer = new RocketmqProducer({ ...this.#common, topics: topics.slice(0, 1) });
    await this.#start(producer);
    return {
      send: (message) => reported(sendWith(producer, message)),
      shutdown: () => this.#shutdown(producer),
    };
  }

  async transactionProducer(
    topic: string,
    check: (message: ReceivedMessage) => Verdict,
  ): Promise<TransactionProducer> {
    const checker = {
      check: (view: MessageView) => Promise.resolve(RESOLUTIONS[check(messageOf(view)) ?? 'none']),
    };
    const producer = new RocketmqProducer({ ...this.#common, topics: [topic], checker });
    await this.#start(producer);
    return {
      async begin(message) {
        const transaction = producer.beginTransaction();
        const { messageId } = await reported(sendWith(producer, message, transaction));
        return {
          messageId,
          commit: () => reported(transaction.commit()),
          rollback: () => reported(transaction.rollback()),
        };
      },
      shutdown: () => this.#shutdown(producer),
    };
  }

  async simpleConsumer(subscription: Subscription, awaitMs: number): Promise<SimpleConsumer> {
    const consumer = new RocketmqSimpleConsumer({
      ...this.#common,
      consumerGroup: subscription.group,
      subscriptions: new Map([[subscription.topic, filterOf(subscription)]]),
      awaitDuration: awaitMs,
    });
    await this.#start(consumer);
    const views = new WeakMap<ReceivedMessage, MessageView>();
    const viewOf = (message: ReceivedMessage): MessageView => {
      const view = views.get(message);
      if (view === undefined) throw new Error('this consumer did not receive that message');
      return view;
    };
    return {
      async receive(maxMessages, invisibleMs) {
        const received = await reported(consumer.receive(maxMessages, invisibleMs));
        return received.map((view) => {
          const message = messageOf(view);
          views.set(message, view);
          return message;
        });
      },
      ack: (message) => reported(consumer.ack(viewOf(message))),
      changeInvisible: (message, invisibleMs) =>
        reported(consumer.changeInvisibleDuration(viewOf(message), invisibleMs)),
      shutdown: () => this.#shutdown(consumer),
    };
  }

  async pushConsumer(
    subscription: Subscription,
    succeeds: (message: ReceivedMessage) => boolean = () => true,
  ): Promise<PushConsumer> {
    const received: ReceivedMessage[] = [];
    const consumer = new RocketmqPushConsumer({
      ...this.#common,
      consumerGroup: subscription.group,
      subscriptions: new Map([[subscription.topic, filterOf(subscription)]]),
      messageListener: {
        consume(view) {
          const message = messageOf(view);
          received.push(message);
          return succeeds(message) ? ConsumeResult.SUCCESS : ConsumeResult.FAILURE;
        },
      },
    });
    await this.#start(consumer);
    return { received, shutdown: () => this.#shutdown(consumer) };
  }

  async close(): Promise<void> {
    for (const client of this.#running) this.#abandoned.push(this.#shutdown(client));
    await Promise.all(this.#abandoned);
  }

  async #start(client: { startup(): Promise<void>; shutdown(): Promise<void> }): Promise<void> {
    this.#running.add(client);
    await reported(client.startup());
  }

  async #shutdown(client: { shutdown(): Promise<void> }): Promise<void> {
    this.#running.delete(client);
    await client.shutdown();
  }
}

function filterOf({ filter = '*', sql }: Subscription): FilterExpression | string {
  return sql === undefined ? filter : new FilterExpression(sql, FilterType.SQL);
}

async function sendWith(
  producer: RocketmqProducer,
  message: OutgoingMessage,
  transaction?: RocketmqTransaction,
): Promise<{ messageId: string }> {
  const { keys, properties, deliveryAtMs, ...rest } = message;
  const options = {
    ...rest,
    ...(keys && { keys: [...keys] }),
    ...(properties && { properties: new Map(Object.entries(properties)) }),
    ...(deliveryAtMs !== undefined && { deliveryTimestamp: new Date(deliveryAtMs) }),
  };
  const receipt = await producer.send(options, transaction);
  if (receipt === undefined) throw new Error('the client returned no receipt');
  return { messageId: receipt.messageId };
}

function messageOf(view: MessageView): ReceivedMessage {
  return {
    messageId: view.messageId,
    topic: view.topic,
    // The client's protobuf runtime gives '' for a tag that was not sent.
    tag: view.tag === '' ? undefined : view.tag,
    keys: view.keys,
    properties: Object.fromEntries(view.properties),
    body: view.body,
    bornHost: view.bornHost,
    bornAtMs: view.bornTimestamp?.getTime() ?? 0,
    deliveryAttempt: view.deliveryAttempt ?? 0,
    corrupted: view.corrupted ?? false,
    receivedAtMs: performance.now(),
  };
}

/** Turns the client's exceptions into ClientFailure; start-up hides the reason two causes deep. */
async function reported<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    let reason: unknown = error;
    while (reason instanceof Error && !(reason instanceof ClientException) && reason.cause) {
      reason = reason.cause;
    }
    const code = reason instanceof ClientException ? reason.code : undefined;
    throw new ClientFailure(code, String(error), { cause: error });
  }
}

/** Its push consumer logs to a file in the home directory whatever logger it is given. */
function silenceDefaultLogger(): void {
  const load = createRequire(import.meta.url);
  const logger = load('rocketmq-client-nodejs/dist/client/Logger.js') as {
    getDefaultLogger: () => typeof silent;
  };
  logger.getDefaultLogger = () => silent;
}
