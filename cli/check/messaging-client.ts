/** What a client library does on the wire, at one address. wire.md A.3, A.4 */
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { Client, Metadata, credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { formatHostPort, type HostPort } from '#lib/host-port';
import { CHECK } from '#lib/limits';
import { VERSION } from '#lib/version';
import { MESSAGING_SERVICE, codec } from '#proto/messages';
import type {
  Messages,
  ReceiveMessageRequestInput,
  ReceiveMessageResponse,
  SettingsInput,
  TelemetryCommand,
  TelemetryCommandInput,
} from '#proto/types';

/** The part of a method's name before `Request` and `Response` in the names of its messages. */
type Unary = 'QueryRoute' | 'SendMessage' | 'AckMessage' | 'NotifyClientTermination';

type Input<Name extends keyof Messages> = Messages[Name]['input'];
type Decoded<Name extends keyof Messages> = Messages[Name]['decoded'];
type TelemetryStream = ClientDuplexStream<TelemetryCommandInput, TelemetryCommand>;

/** As client libraries say that they speak; producer and consumer of a process have their own. */
export interface ClientIdentity {
  readonly clientId: string;
}

export class MessagingClient {
  readonly #client: Client;
  readonly #streams: TelemetryStream[] = [];

  /** With TLS any certificate will do, as for the client libraries. Connects at the first call. */
  constructor(address: HostPort, isTls: boolean) {
    const encryption = isTls
      ? credentials.createSsl(null, null, null, { rejectUnauthorized: false })
      : credentials.createInsecure();
    // The scheme is said, so that a host can't be taken for one.
    this.#client = new Client(`dns:///${formatHostPort(address)}`, encryption, {
      'grpc.max_receive_message_length': CHECK.answerBytesMax,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
      // TLS has no name for an address; any will do, since none is verified.
      ...(isTls && isIP(address.host) > 0 && { 'grpc.ssl_target_name_override': 'localhost' }),
    });
  }

  unary<Name extends Unary>(
    method: Name,
    request: Input<`${Name}Request`>,
    from: ClientIdentity,
    timeoutMs: number,
  ): Promise<Decoded<`${Name}Response`>> {
    const requests = codec(`${method}Request`);
    const responses = codec(`${method}Response`);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${MESSAGING_SERVICE}/${method}`,
        (value: Input<`${Name}Request`>) => requests.encode(value),
        (bytes) => responses.decode(bytes),
        request,
        metadataOf(from),
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          if (error) reject(error);
          else if (response === undefined) reject(new TypeError('neither error nor answer'));
          else resolve(response);
        },
      );
    });
  }

  /** All that the server writes, in its order, until it ends the stream. */
  async receive(
    request: ReceiveMessageRequestInput,
    from: ClientIdentity,
    timeoutMs: number,
  ): Promise<ReceiveMessageResponse[]> {
    const requests = codec('ReceiveMessageRequest');
    const responses = codec('ReceiveMessageResponse');
    const stream = this.#client.makeServerStreamRequest(
      `/${MESSAGING_SERVICE}/ReceiveMessage`,
      (value: ReceiveMessageRequestInput) => requests.encode(value),
      (bytes) => responses.decode(bytes),
      request,
      metadataOf(from),
      { deadline: Date.now() + timeoutMs },
    );
    const all: ReceiveMessageResponse[] = [];
    for await (const response of stream) all.push(response as ReceiveMessageResponse);
    return all;
  }

  /**
   * Opens a Telemetry stream, sends the settings, and waits for the server's; the stream stays open
   * until `close`, as it does for as long as a client lives.
   */
  async exchangeSettings(
    settings: SettingsInput,
    from: ClientIdentity,
    timeoutMs: number,
  ): Promise<void> {
    const commands = codec('TelemetryCommand');
    const stream: TelemetryStream = this.#client.makeBidiStreamRequest(
      `/${MESSAGING_SERVICE}/Telemetry`,
      (value: TelemetryCommandInput) => commands.encode(value),
      (bytes) => commands.decode(bytes),
      metadataOf(from),
      // Of the whole check: the server would take a deadline of this step for the stream's end.
      { deadline: Date.now() + CHECK.timeoutMaxMs },
    );
    this.#streams.push(stream);
    stream.write({ settings });
    await settingsOf(stream, timeoutMs);
  }

  close(): void {
    for (const stream of this.#streams) stream.cancel();
    this.#client.close();
  }
}

/** No answer came; grpc-js says so itself for calls with a deadline. */
export class NoAnswer extends Error {}

function settingsOf(stream: TelemetryStream, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer()), timeoutMs);
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      outcome();
    };
    stream.on('data', ({ settings }: TelemetryCommand) => {
      if (settings) settle(resolve);
    });
    // Also after it settled: cancelling the stream is an error of it too.
    stream.on('error', (error) => settle(() => reject(error)));
    stream.on('end', () => settle(() => reject(new NoAnswer())));
  });
}

function metadataOf({ clientId }: ClientIdentity): Metadata {
  const metadata = new Metadata();
  metadata.set('x-mq-protocol', 'v2');
  metadata.set('x-mq-language', 'NODE_JS');
  metadata.set('x-mq-client-version', VERSION);
  metadata.set('x-mq-date-time', new Date().toISOString().replace(/[-:]|\.\d+/g, ''));
  metadata.set('x-mq-request-id', randomUUID());
  metadata.set('x-mq-client-id', clientId);
  return metadata;
}
