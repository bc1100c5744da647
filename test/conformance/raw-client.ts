import { randomUUID } from 'node:crypto';
import { Client, type ClientDuplexStream, Metadata, credentials } from '@grpc/grpc-js';
import { MESSAGING_SERVICE, codec } from '#proto/messages';
import { ClientType, FilterType, MessageType } from '#proto/types';
import type {
  MessageInput,
  Messages,
  PullMessageRequestInput,
  PullMessageResponse,
  ReceiveMessageRequestInput,
  ReceiveMessageResponse,
  SettingsInput,
  SystemPropertiesInput,
  TelemetryCommand,
  TelemetryCommandInput,
} from '#proto/types';
import { until } from '#support/until';

const CALL_MS = 10_000;
const BYTES_MAX = 16 * 1024 * 1024;

/** The part of a method's name before `Request` and `Response` in the names of its messages. */
type Unary =
  | 'QueryRoute'
  | 'QueryAssignment'
  | 'Heartbeat'
  | 'SendMessage'
  | 'RecallMessage'
  | 'AckMessage'
  | 'ChangeInvisibleDuration'
  | 'ForwardMessageToDeadLetterQueue'
  | 'NotifyClientTermination'
  | 'GetOffset'
  | 'QueryOffset'
  | 'UpdateOffset';

type Input<Name extends keyof Messages> = Messages[Name]['input'];
type Decoded<Name extends keyof Messages> = Messages[Name]['decoded'];

export interface Telemetry {
  readonly commands: readonly TelemetryCommand[];
  /** The gRPC status with which the server ended the stream, once it has. */
  readonly endedWith: number | undefined;
  write(command: TelemetryCommandInput): void;
  /** The first settings that the server sends, or has sent. */
  settings(): Promise<NonNullable<TelemetryCommand['settings']>>;
  end(): void;
}

/** Speaks the protocol without a client's help, so that a case can say what no client would. */
export class RawClient {
  readonly clientId: string | null;
  readonly #client: Client;
  readonly #endpoints: string;

  /** A `clientId` of null sends none. */
  constructor(endpoints: string, clientId: string | null = `raw@${randomUUID()}`) {
    this.clientId = clientId;
    this.#endpoints = endpoints;
    this.#client = new Client(endpoints, credentials.createInsecure(), {
      'grpc.max_receive_message_length': BYTES_MAX,
      'grpc.max_send_message_length': BYTES_MAX,
    });
  }

  unary<Name extends Unary>(
    method: Name,
    request: Input<`${Name}Request`>,
  ): Promise<Decoded<`${Name}Response`>> {
    const requests = codec(`${method}Request`);
    const responses = codec(`${method}Response`);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${MESSAGING_SERVICE}/${method}`,
        (value: Input<`${Name}Request`>) => requests.encode(value),
        (bytes) => responses.decode(bytes),
        request,
        this.#metadata(),
        { deadline: Date.now() + CALL_MS },
        (error, response) => {
          if (error) reject(error);
          else if (response === undefined) reject(new Error(`${method} gave no answer`));
          else resolve(response);
        },
      );
    });
  }

  /** All that the server writes, in its order, until it ends the stream. */
  async receive(
    request: ReceiveMessageRequestInput,
    deadlineMs = 30_000,
  ): Promise<ReceiveMessageResponse[]> {
    return this.#stream('ReceiveMessage', request, deadlineMs);
  }

  /** As `receive`, for a consumer that keeps its offsets itself. */
  async pull(request: PullMessageRequestInput): Promise<PullMessageResponse[]> {
    return this.#stream('PullMessage', request, CALL_MS);
  }

  async #stream<Name extends 'ReceiveMessage' | 'PullMessage'>(
    method: Name,
    request: Input<`${Name}Request`>,
    deadlineMs: number,
  ): Promise<Decoded<`${Name}Response`>[]> {
    const requests = codec(`${method}Request`);
    const responses = codec(`${method}Response`);
    const stream = this.#client.makeServerStreamRequest(
      `/${MESSAGING_SERVICE}/${method}`,
      (value: Input<`${Name}Request`>) => requests.encode(value),
      (bytes) => responses.decode(bytes),
      request,
      this.#metadata(),
      { deadline: Date.now() + deadlineMs },
    );
    const all: Decoded<`${Name}Response`>[] = [];
    for await (const response of stream) all.push(response as Decoded<`${Name}Response`>);
    return all;
  }

  /** Without a deadline unless `deadlineMs`, from now, is given. */
  telemetry(deadlineMs = Infinity): Telemetry {
    const requests = codec('TelemetryCommand');
    const stream = this.#client.makeBidiStreamRequest(
      `/${MESSAGING_SERVICE}/Telemetry`,
      (value: TelemetryCommandInput) => requests.encode(value),
      (bytes) => requests.decode(bytes),
      this.#metadata(),
      deadlineMs === Infinity ? {} : { deadline: Date.now() + deadlineMs },
    );
    return new RawTelemetry(stream);
  }

  /** The endpoints that this client dials, as a message. */
  accessPoint(): { scheme: number; addresses: { host: string; port: number }[] } {
    const at = this.#endpoints.lastIndexOf(':');
    const host = this.#endpoints.slice(0, at);
    const scheme = /^[\d.]+$/.test(host) ? 1 : 3;
    return { scheme, addresses: [{ host, port: Number(this.#endpoints.slice(at + 1)) }] };
  }

  close(): void {
    this.#client.close();
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    metadata.set('x-mq-protocol', 'v2');
    metadata.set('x-mq-language', 'JAVA');
    metadata.set('x-mq-client-version', '5.0.8');
    metadata.set('x-mq-date-time', '20260101T000000Z');
    metadata.set('x-mq-request-id', randomUUID());
    if (this.clientId !== null) metadata.set('x-mq-client-id', this.clientId);
    return metadata;
  }
}

class RawTelemetry implements Telemetry {
  readonly commands: TelemetryCommand[] = [];
  endedWith: number | undefined;
  readonly #stream: ClientDuplexStream<TelemetryCommandInput, TelemetryCommand>;

  constructor(stream: ClientDuplexStream<TelemetryCommandInput, TelemetryCommand>) {
    this.#stream = stream;
    stream.on('data', (command: TelemetryCommand) => this.commands.push(command));
    stream.on('error', () => undefined);
    stream.on('status', ({ code }) => {
      this.endedWith = code;
    });
  }

  write(command: TelemetryCommandInput): void {
    this.#stream.write(command);
  }

  settings(): Promise<NonNullable<TelemetryCommand['settings']>> {
    return until(
      CALL_MS,
      () => this.commands.find((command) => command.settings)?.settings,
      () => `no settings came; the stream ended with ${this.endedWith}`,
    );
  }

  end(): void {
    // Half-closing would leave it to the server whether this process can end.
    this.#stream.cancel();
  }
}

export function producerSettings(client: RawClient, topics: readonly string[]): SettingsInput {
  return {
    clientType: ClientType.PRODUCER,
    accessPoint: client.accessPoint(),
    requestTimeout: { seconds: 3, nanos: 0 },
    publishing: { topics: topics.map((name) => ({ name })), validateMessageType: true },
  };
}

export function consumerSettings(
  client: RawClient,
  clientType: number,
  group: string,
  topic: string,
): SettingsInput {
  return {
    clientType,
    accessPoint: client.accessPoint(),
    requestTimeout: { seconds: 3, nanos: 0 },
    subscription: {
      group: { name: group },
      subscriptions: [
        { topic: { name: topic }, expression: { type: FilterType.TAG, expression: '*' } },
      ],
      longPollingTimeout: { seconds: 5, nanos: 0 },
    },
  };
}

export function normalMessage(
  topic: string,
  system: SystemPropertiesInput = {},
  more: MessageInput = {},
): MessageInput {
  return {
    topic: { name: topic },
    body: Buffer.from('raw'),
    ...more,
    systemProperties: {
      messageId: newMessageId(),
      messageType: MessageType.NORMAL,
      bodyEncoding: 1,
      bornHost: 'raw',
      bornTimestamp: { seconds: Math.floor(Date.now() / 1000), nanos: 0 },
      queueId: 0,
      ...system,
    },
  };
}

/** As the clients make them: 34 upper-case hex digits, the first two of which are the version. */
export function newMessageId(): string {
  return `01${randomUUID().replaceAll('-', '').toUpperCase()}`;
}

/** What a simple consumer sends, as far as the request doesn't say otherwise. */
export async function receiveRequest(
  client: RawClient,
  group: string,
  topic: string,
  more: ReceiveMessageRequestInput = {},
): Promise<ReceiveMessageRequestInput> {
  const route = await client.unary('QueryRoute', {
    topic: { name: topic },
    endpoints: client.accessPoint(),
  });
  const [messageQueue] = route.messageQueues;
  if (messageQueue === undefined) throw new Error(`no route to ${topic}: ${route.status?.message}`);
  return {
    group: { name: group },
    messageQueue,
    filterExpression: { type: FilterType.TAG, expression: '*' },
    batchSize: 16,
    invisibleDuration: { seconds: 30, nanos: 0 },
    autoRenew: false,
    longPollingTimeout: { seconds: 5, nanos: 0 },
    ...more,
  };
}

/** The messages of an answer to ReceiveMessage. */
export function messagesOf(responses: readonly ReceiveMessageResponse[]): Decoded<'Message'>[] {
  return responses.flatMap((response) => (response.message ? [response.message] : []));
}

export function statusOf(responses: readonly ReceiveMessageResponse[]): number | undefined {
  return responses.find((response) => response.status)?.status?.code;
}
