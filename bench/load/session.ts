/** One client of the server: connection, routes, settings, heartbeats. wire.md A.4, A.5 */
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '../wire/connection.ts';
import { encodeMessage, FieldReader } from '../wire/protobuf.ts';
import { OK, readStatus, statusOf, unary } from '../wire/unary.ts';
import {
  endpoints,
  headersOf,
  LONG_POLL_SECONDS,
  routeRequest,
  TIMEOUT_SECONDS,
} from './client.ts';

/** Numbers of wire.md A.1. */
const CLIENT_TYPE = { producer: 1, push: 2, simple: 3 } as const;
export type Role = keyof typeof CLIENT_TYPE;

const JAVA = 1;
const TAG_FILTER = 1;
const HEARTBEAT_MS = 10_000;
const HANDSHAKE_MS = 30_000;
const RETRY_MS = 200;

export interface SessionOptions {
  readonly host: string;
  readonly port: number;
  readonly role: Role;
  readonly topics: readonly string[];
  /** The consumer group; producers have none. */
  readonly group: string;
  /** What goes wrong after the start: heartbeats, the Telemetry stream. */
  readonly onError: (what: string) => void;
}

export interface Route {
  readonly queues: number;
  /** The encoded `Broker` of the first queue, as a receive call must give it back. */
  readonly broker: Buffer;
}

export class Session {
  readonly connection: Connection;
  readonly routes = new Map<string, Route>();
  readonly #options: SessionOptions;
  #heartbeat: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(connection: Connection, options: SessionOptions) {
    this.connection = connection;
    this.#options = options;
  }

  /** Connects, asks for the routes and exchanges settings; rejects when that takes over 30 s. */
  static async open(options: SessionOptions): Promise<Session> {
    const { host, port } = options;
    const connection = await Connection.open(host, port, headersOf({ host, port }));
    const session = new Session(connection, options);
    const deadline = Date.now() + HANDSHAKE_MS;
    for (const topic of options.topics) {
      session.routes.set(topic, await session.#route(topic, deadline));
    }
    await session.#exchangeSettings();
    session.#heartbeat = setInterval(() => void session.#beat(), HEARTBEAT_MS);
    await session.#beat();
    return session;
  }

  /** Says goodbye, as the public clients do, and closes the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    const goodbye = this.#isProducer() ? Buffer.alloc(0) : encodeMessage([1, this.#group()]);
    await unary(this.connection, 'NotifyClientTermination', goodbye).catch((error: unknown) =>
      this.#options.onError(String(error)),
    );
    this.connection.close();
  }

  /** A topic that was made a moment ago may take a while to be known everywhere. */
  async #route(topic: string, deadline: number): Promise<Route> {
    const request = routeRequest(topic, this.#options);
    for (;;) {
      const answer = await unary(this.connection, 'QueryRoute', request);
      const status = statusOf(answer);
      if (status.code === OK) return readRoute(topic, answer);
      if (Date.now() > deadline) {
        throw new Error(`QueryRoute ${topic}: ${status.code} ${status.message}`);
      }
      await delay(RETRY_MS);
    }
  }

  #exchangeSettings(): Promise<void> {
    return new Promise((resolve, reject) => {
      const expiry = setTimeout(() => reject(new Error('no settings in 30 s')), HANDSHAKE_MS);
      const onMessage = (bytes: Buffer, start: number, end: number): void => {
        clearTimeout(expiry);
        const problem = commandProblem(bytes.subarray(start, end));
        if (problem === undefined) resolve();
        else reject(new Error(`Telemetry: ${problem}`));
      };
      const onEnd = (grpcStatus: number, grpcMessage: string): void => {
        clearTimeout(expiry);
        const what = `Telemetry ended: gRPC status ${grpcStatus} ${grpcMessage}`;
        reject(new Error(what));
        if (!this.#closed) this.#options.onError(what);
      };
      this.connection.call('Telemetry', this.#settings(), { onMessage, onEnd }, true);
    });
  }

  async #beat(): Promise<void> {
    const type = [2, CLIENT_TYPE[this.#options.role]] as const;
    const request = this.#isProducer()
      ? encodeMessage(type)
      : encodeMessage([1, this.#group()], type);
    try {
      const status = statusOf(await unary(this.connection, 'Heartbeat', request));
      if (status.code !== OK) this.#options.onError(`Heartbeat: ${status.code} ${status.message}`);
    } catch (error) {
      if (!this.#closed) this.#options.onError(String(error));
    }
  }

  #settings(): Buffer {
    const { topics, role } = this.#options;
    const resources = topics.map((topic) => encodeMessage([2, topic]));
    const everything = encodeMessage([1, TAG_FILTER], [2, '*']);
    const specific = this.#isProducer()
      ? encodeMessage(...resources.map((topic) => [1, topic] as const))
      : encodeMessage(
          [1, this.#group()],
          ...resources.map((topic) => [2, encodeMessage([1, topic], [2, everything])] as const),
          [5, encodeMessage([1, LONG_POLL_SECONDS])],
        );
    const settings = encodeMessage(
      [1, CLIENT_TYPE[role]],
      [2, endpoints(this.#options)],
      [4, encodeMessage([1, TIMEOUT_SECONDS])],
      [this.#isProducer() ? 5 : 6, specific],
      [7, encodeMessage([1, JAVA], [2, '5.0.0'], [3, process.platform], [4, 'bench'])],
    );
    return encodeMessage([2, settings]);
  }

  #group(): Buffer {
    return encodeMessage([2, this.#options.group]);
  }

  #isProducer(): boolean {
    return this.#options.role === 'producer';
  }
}

function readRoute(topic: string, answer: Buffer): Route {
  const entries = new FieldReader().open(answer);
  const fields = new FieldReader();
  let queues = 0;
  let broker: Buffer | undefined;
  while (entries.next()) {
    if (entries.number !== 2) continue;
    queues++;
    for (fields.open(answer, entries.start, entries.end); fields.next();) {
      if (fields.number === 4) broker ??= Buffer.from(answer.subarray(fields.start, fields.end));
    }
  }
  if (broker === undefined) throw new Error(`the route of ${topic} names no broker`);
  return { queues, broker };
}

/** What is wrong with the first command of a Telemetry stream, which must be settings. */
function commandProblem(command: Buffer): string | undefined {
  const fields = new FieldReader().open(command);
  let settings = false;
  while (fields.next()) {
    if (fields.number === 2) settings = true;
    if (fields.number === 1) {
      const status = readStatus(command, fields.start, fields.end);
      if (status.code !== OK) return `${status.code} ${status.message}`;
    }
  }
  return settings ? undefined : 'the first command is not settings';
}
