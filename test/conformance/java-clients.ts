import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

const LOG_LINES_KEPT = 100;

interface Answer {
  id?: number;
  result?: unknown;
  error?: string;
  event?: string;
  client?: number;
  call?: number;
  message?: JavaMessage;
}

/** A message as the driver writes it; `number` names it in later commands. */
interface JavaMessage {
  number: number;
  messageId: string;
  topic: string;
  tag?: string;
  keys: string[];
  properties: Record<string, string>;
  body: string;
  bornHost: string;
  bornAtMs: number;
  deliveryAttempt: number;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The public Java client in a process of its own (java/), over TLS as it dials by default. */
export class JavaClients implements Clients {
  readonly language = 'Java';
  readonly bodyBytesReceivable = 4 * 1024 * 1024;
  /** The first of the group's list. wire.md A.5 */
  readonly firstBackoffMs = 1_000;
  readonly #child: ChildProcess;
  readonly #home: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<number, (message: JavaMessage, call: number) => void>();
  readonly #early: Answer[] = [];
  readonly #log: string[] = [];
  #id = 0;
  #closing = false;

  private constructor(child: ChildProcess, home: string) {
    this.#child = child;
    this.#home = home;
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#on(line));
    if (child.stderr) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.#log.push(line);
        if (this.#log.length > LOG_LINES_KEPT) this.#log.shift();
      });
    }
    child.on('exit', (code) => {
      // What is under way when the test ends has nobody left to report to.
      if (this.#closing) return;
      const failure = new Error(`the Java driver ended with ${code}:\n${this.#log.join('\n')}`);
      for (const { reject } of this.#waiting.values()) reject(failure);
      this.#waiting.clear();
    });
  }

  /** `classPath` is what `buildDriver` returned. */
  static async start(classPath: string, endpoints: string): Promise<JavaClients> {
    const home = await mkdtemp(join(tmpdir(), 'conformance-java-'));
    // The client writes its log below this directory.
    const options = [`-Duser.home=${home}`, `-Drocketmq.log.root=${home}`, '-Xmx512m'];
    const args = [...options, '-cp', classPath, 'conformance.Driver', endpoints];
    args.push(String(REQUEST_TIMEOUT_MS));
    const child = spawn('java', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    return new JavaClients(child, home);
  }

  async producer(topics: readonly string[]): Promise<Producer> {
    const client = (await this.#run('producer', { topics })) as number;
    return {
      send: (message) => this.#send(client, message),
      shutdown: () => this.#shutdown(client),
    };
  }

  async transactionProducer(
    topic: string,
    check: (message: ReceivedMessage) => Verdict,
  ): Promise<TransactionProducer> {
    const client = (await this.#run('transactionProducer', { topic })) as number;
    this.#listeners.set(client, (json, call) => {
      const verdict = check(messageOf(json))?.toUpperCase() ?? 'UNKNOWN';
      this.#run('verdict', { call, verdict }).catch(() => undefined);
    });
    const end = async (transaction: number, outcome: 'commit' | 'rollback'): Promise<void> => {
      await this.#run('end', { client, transaction, outcome });
    };
    return {
      begin: async (message) => {
        const json = { ...message, body: message.body.toString('base64') };
        const begun = await this.#run('begin', { client, message: json });
        const { messageId, transaction } = begun as { messageId: string; transaction: number };
        return {
          messageId,
          commit: () => end(transaction, 'commit'),
          rollback: () => end(transaction, 'rollback'),
        };
      },
      shutdown: () => this.#shutdown(client),
    };
  }

  async simpleConsumer(subscription: Subscription, awaitMs: number): Promise<SimpleConsumer> {
    const client = (await this.#run('simple', { filter: '*', ...subscription, awaitMs })) as number;
    const numbers = new WeakMap<ReceivedMessage, number>();
    return {
      receive: async (maxMessages, invisibleMs) => {
        const result = await this.#run('receive', { client, maxMessages, invisibleMs });
        return (result as JavaMessage[]).map((json) => {
          const message = messageOf(json);
          numbers.set(message, json.number);
          return message;
        });
      },
      ack: async (message) => {
        await this.#run('ack', { client, message: numbers.get(message) });
      },
      changeInvisible: async (message, invisibleMs) => {
        await this.#run('change', { client, message: numbers.get(message), invisibleMs });
      },
      shutdown: () => this.#shutdown(client),
    };
  }

  async pushConsumer(
    subscription: Subscription,
    succeeds: (message: ReceivedMessage) => boolean = () => true,
  ): Promise<PushConsumer> {
    const received: ReceivedMessage[] = [];
    const client = (await this.#run('push', { filter: '*', ...subscription })) as number;
    this.#listeners.set(client, (json, call) => {
      const message = messageOf(json);
      received.push(message);
      // Its failure is the driver's end, which every other command reports.
      this.#run('settle', { call, success: succeeds(message) }).catch(() => undefined);
    });
    for (const answer of this.#early.splice(0)) this.#onEvent(answer);
    return { received, shutdown: () => this.#shutdown(client) };
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    await rm(this.#home, { recursive: true, force: true });
  }

  async #send(client: number, message: OutgoingMessage): Promise<{ messageId: string }> {
    const json = { ...message, body: message.body.toString('base64') };
    return (await this.#run('send', { client, message: json })) as { messageId: string };
  }

  async #shutdown(client: number): Promise<void> {
    await this.#run('shutdown', { client });
  }

  #run(op: string, command: object): Promise<unknown> {
    this.#id += 1;
    const id = this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, op, ...command })}\n`);
    });
  }

  #on(line: string): void {
    const answer = JSON.parse(line) as Answer;
    if (answer.event === 'message') return this.#onEvent(answer);
    const waiting = this.#waiting.get(answer.id ?? 0);
    this.#waiting.delete(answer.id ?? 0);
    if (answer.error === undefined) waiting?.resolve(answer.result);
    else waiting?.reject(failureOf(answer.error));
  }

  /** A message may come before the answer to the command that started its consumer. */
  #onEvent(answer: Answer): void {
    const listener = this.#listeners.get(answer.client ?? 0);
    if (listener === undefined || answer.message === undefined) this.#early.push(answer);
    else listener(answer.message, answer.call ?? 0);
  }
}

/** The client gives the code in the text only. */
function failureOf(text: string): ClientFailure {
  const code = /response-code=(\d+)/.exec(text)?.[1];
  return new ClientFailure(code === undefined ? undefined : Number(code), text);
}

function messageOf(json: JavaMessage): ReceivedMessage {
  const { number: _number, body, tag, ...rest } = json;
  return {
    ...rest,
    tag,
    body: Buffer.from(body, 'base64'),
    corrupted: false,
    receivedAtMs: performance.now(),
  };
}
