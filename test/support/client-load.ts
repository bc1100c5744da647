/**
 * The public Node client, a process each for producers and consumers, whose doings go into one
 * history. It runs through everything that happens to a cluster.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { History } from '#support/history';
import { until, withinMs } from '#support/until';

const DNS_PRELOAD = new URL('dns-preload.ts', import.meta.url).href;
const PRODUCER = fileURLToPath(new URL('../cluster/fixtures/producer.ts', import.meta.url));
const CONSUMER = fileURLToPath(new URL('../cluster/fixtures/consumer.ts', import.meta.url));
const READY_MS = 60_000;
const STOP_MS = 30_000;
const TROUBLES_KEPT = 20;

export interface LoadClient {
  /** Ends it once what is under way is done. */
  stop(): Promise<void>;
}

interface Trouble {
  readonly event: 'trouble';
  readonly error: string;
}

type Line =
  | { readonly event: 'ready' }
  | { readonly event: 'sending'; readonly id: string }
  | { readonly event: 'sent'; readonly id: string }
  | { readonly event: 'failed'; readonly id: string; readonly error: string }
  | {
      readonly event: 'received';
      readonly id: string;
      readonly queue: string;
      readonly offset: number;
      readonly attempt: number;
    }
  | {
      readonly event: 'acked';
      readonly id: string;
      readonly queue: string;
      readonly offset: number;
    }
  | { readonly event: 'lost'; readonly queue: string; readonly messages: number }
  | Trouble;

export interface ProducerOptions {
  readonly endpoints: string;
  readonly topic: string;
  readonly intervalMs: number;
}

export interface ConsumerOptions {
  readonly endpoints: string;
  readonly topic: string;
  readonly group: string;
}

/** What a client has to do with. */
interface Place {
  readonly topic: string;
  readonly group: string;
}

export class ClientLoad {
  readonly history = new History();
  /** What consumers met lately, for the message of a test that fails. */
  readonly troubles: string[] = [];
  readonly #running = new Set<LoadClient & { kill(): void }>();
  readonly #consumed = new Map<string, Place>();
  #producers = 0;

  producer({ endpoints, topic, intervalMs }: ProducerOptions): Promise<LoadClient> {
    const prefix = `p${++this.#producers}`;
    const args = [endpoints, topic, prefix, String(intervalMs)];
    return this.#start(PRODUCER, args, { topic, group: '' });
  }

  consumer({ endpoints, topic, group }: ConsumerOptions): Promise<LoadClient> {
    return this.#start(CONSUMER, [endpoints, topic, group], { topic, group });
  }

  /** Acknowledged to their senders, and not received yet by some group that consumes them. */
  missing(): string[] {
    const consumed = [...this.#consumed.values()];
    return consumed.flatMap(({ topic, group }) => this.history.outstanding(group, topic));
  }

  /** Waits for everything that was acknowledged to its sender. */
  async untilAllReceived(timeoutMs: number): Promise<void> {
    const { history } = this;
    await until(
      timeoutMs,
      () => this.missing().length === 0,
      () => {
        const missing = this.missing();
        return (
          `${missing.length} of ${history.storedCount} did not come: ` +
          `${missing.slice(0, 5).join(', ')}; ${this.troubles.slice(-3).join('; ')}`
        );
      },
    );
  }

  /** Waits until so many more were sent. */
  async untilSent(more: number, timeoutMs: number): Promise<void> {
    const target = this.history.storedCount + more;
    await until(
      timeoutMs,
      () => this.history.storedCount >= target,
      () => `${target - this.history.storedCount} of ${more} were not sent`,
    );
  }

  kill(): void {
    for (const client of this.#running) client.kill();
  }

  async #start(script: string, args: readonly string[], place: Place): Promise<LoadClient> {
    if (place.group !== '') this.#consumed.set(`${place.topic}/${place.group}`, place);
    const child = spawn(process.execPath, ['--import', DNS_PRELOAD, script, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const client = {
      stop: () => this.#stop(client, child),
      kill: () => void child.kill('SIGKILL'),
    };
    this.#running.add(client);
    await this.#untilReady(child, place);
    return client;
  }

  async #untilReady(child: ChildProcess, place: Place): Promise<void> {
    if (!child.stdout || !child.stderr) throw new Error('a client process has no output');
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const exited = once(child, 'exit').then(([code]): never => {
      throw new Error(`a client ended with ${code} before it was ready: ${said}`);
    });
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout! }).on('line', (text) => {
        const line = JSON.parse(text) as Line;
        if (line.event === 'ready') resolve();
        else this.#note(line, place);
      });
    });
    const first = Promise.race([ready, exited]);
    exited.catch(() => undefined); // its later end is no failure of the start
    await withinMs(READY_MS, first, () => new Error(`a client does not get ready: ${said}`));
  }

  async #stop(client: LoadClient & { kill(): void }, child: ChildProcess): Promise<void> {
    this.#running.delete(client);
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`a client ended by itself, with ${child.exitCode ?? child.signalCode}`);
    }
    const closed = once(child, 'close');
    child.stdin?.end();
    await withinMs(STOP_MS, closed, () => new Error('a client does not end'));
  }

  #note(line: Exclude<Line, { event: 'ready' }>, { topic, group }: Place): void {
    const { history } = this;
    if (line.event === 'sending') history.sending({ id: line.id, topic });
    else if (line.event === 'sent') history.stored(line.id);
    else if (line.event === 'failed') history.failed(line.id, line.error);
    else if (line.event === 'received') {
      const { id, queue, offset, attempt } = line;
      history.delivered(group, { id, topic, place: { queue, offset, attempt } });
    } else if (line.event === 'acked') history.acked(group, line.id, line);
    else if (line.event === 'lost') history.lost(group, line.queue, line.messages);
    else {
      this.troubles.push(line.error);
      if (this.troubles.length > TROUBLES_KEPT) this.troubles.shift();
    }
  }
}
