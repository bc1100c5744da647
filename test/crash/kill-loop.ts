/**
 * Kills a real broker again and again while clients send, receive, acknowledge and commit, and
 * keeps a history of everything that they were promised.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { Code, FilterType } from '#proto/types';
import type { Message } from '#proto/types';
import { History } from '#support/history';
import { integer, seededRandom } from '#support/random';
import type { Random } from '#support/random';
import { startSluice } from '#support/sluice-process';
import type { SluiceProcess } from '#support/sluice-process';
import { RawClient, messagesOf, normalMessage } from '../conformance/raw-client.ts';

const TOPIC = 'kill-loop';
const GROUP = 'kill-loop-simple';
const PULL_GROUP = 'kill-loop-pull';
/** The client is its only member: what it stores is the member's. */
const BROADCAST_GROUP = 'kill-loop-broadcast';
const CLIENT_ID = 'kill-loop';
const AUDIT_GROUP = 'kill-loop-audit';
const SENDERS = 16;
const ANY_QUEUE = -1;
/** The shortest that is allowed, so that what a killed consumer held comes again soon. */
const INVISIBLE_S = 10;
/** So long that nothing comes to the audit twice. */
const AUDIT_INVISIBLE_S = 3600;
const RECEIVE = {
  filterExpression: { type: FilterType.TAG, expression: '*' },
  batchSize: 32,
  autoRenew: false,
  longPollingTimeout: { seconds: 5, nanos: 0 },
};
const LOAD_MIN_MS = 30;
const LOAD_SPAN_MS = 900;

export interface KillLoopResult {
  history: History;
  kills: number;
}

export async function killLoop(rounds: number, seed: number): Promise<KillLoopResult> {
  const random = seededRandom(seed);
  const sluice = await startSluice();
  const loop = new KillLoop(sluice, random);
  try {
    await loop.begin();
    for (let round = 0; round < rounds; round++) await loop.round(round);
    await loop.end();
    return { history: loop.history, kills: rounds };
  } catch (error) {
    const said = sluice.log().slice(-20).join('\n');
    throw new Error(`seed ${seed}; the broker said last:\n${said}`, { cause: error });
  } finally {
    await sluice.dispose();
  }
}

class KillLoop {
  readonly history = new History();
  readonly #sluice: SluiceProcess;
  readonly #random: Random;
  #client: RawClient;
  #running = false;
  #sent = 0;
  readonly #committed = new Map<string, number>();

  constructor(sluice: SluiceProcess, random: Random) {
    this.#sluice = sluice;
    this.#random = random;
    this.#client = new RawClient(sluice.grpc, CLIENT_ID);
  }

  async begin(): Promise<void> {
    await this.#sluice.command('topic', 'create', TOPIC, '--kind', 'normal', '--queues', '4');
    for (const group of [GROUP, PULL_GROUP, AUDIT_GROUP]) {
      await this.#sluice.command('group', 'create', group, '--max-attempts', '1000');
    }
    await this.#sluice.command('group', 'create', BROADCAST_GROUP, '--broadcast');
    this.history.topicCreated(TOPIC);
  }

  /** Load, a kill in the middle of it, a restart, and a look at the progress. */
  async round(round: number): Promise<void> {
    this.#running = true;
    const load: Promise<void>[] = [this.#consume(), this.#consume()];
    for (const group of [PULL_GROUP, BROADCAST_GROUP]) load.push(this.#commit(group));
    for (let i = 0; i < SENDERS; i++) load.push(this.#send(round));
    await sleep(LOAD_MIN_MS + integer(this.#random, LOAD_SPAN_MS));
    const killed = this.#sluice.kill();
    this.#running = false;
    await killed;
    this.#client.close();
    await Promise.all(load);
    await this.#sluice.restart();
    this.#client = new RawClient(this.#sluice.grpc, CLIENT_ID);
    await this.#checkProgress();
  }

  async #send(round: number): Promise<void> {
    while (this.#running) {
      const id = `R${round}-${this.#sent++}`;
      const body = Buffer.alloc(1 + integer(this.#random, 4096), id);
      this.history.sending({ id, topic: TOPIC, body });
      const message = normalMessage(TOPIC, { messageId: id }, { body });
      const answer = await this.#call(this.#client.unary('SendMessage', { messages: [message] }));
      const [entry] = answer?.entries ?? [];
      if (answer?.status?.code === Code.OK && entry) this.history.stored(id, entry.offset);
    }
  }

  async #consume(): Promise<void> {
    while (this.#running) {
      const messages = await this.#receive(GROUP);
      await Promise.all(messages.map((message) => this.#acknowledge(message)));
    }
  }

  async #receive(group: string, invisibleS = INVISIBLE_S): Promise<Message[]> {
    const messageQueue = { topic: { name: TOPIC }, id: ANY_QUEUE };
    const request = {
      ...RECEIVE,
      invisibleDuration: { seconds: invisibleS, nanos: 0 },
      group: { name: group },
      messageQueue,
    };
    const answer = await this.#call(this.#client.receive(request));
    const messages = messagesOf(answer ?? []);
    for (const { systemProperties, body } of messages) {
      const id = systemProperties?.messageId ?? '';
      this.history.delivered(group, { id, topic: TOPIC, body });
    }
    return messages;
  }

  /** Now and then one is left unacknowledged: it must come again. */
  async #acknowledge({ systemProperties }: Message): Promise<void> {
    if (this.#random() < 0.1) return;
    const { messageId = '', receiptHandle = '' } = systemProperties ?? {};
    this.history.acking(GROUP, messageId);
    const answer = await this.#call(
      this.#client.unary('AckMessage', {
        group: { name: GROUP },
        topic: { name: TOPIC },
        entries: [{ messageId, receiptHandle }],
      }),
    );
    if (answer?.status?.code === Code.OK) this.history.acked(GROUP, messageId);
  }

  /** A group, or its only member, commits its offset in one queue, one further each time. */
  async #commit(group: string): Promise<void> {
    while (this.#running) {
      const offset = (this.#committed.get(group) ?? 0) + 1;
      const update = this.#client.unary('UpdateOffset', { ...place(group), offset });
      const answer = await this.#call(update);
      if (answer?.status?.code === Code.OK) {
        this.#committed.set(group, offset);
        this.history.committed(group, TOPIC, 0, offset);
      } else {
        this.#committed.set(group, await this.#progress(group));
        await sleep(5);
      }
    }
  }

  async #progress(group: string): Promise<number> {
    const answer = await this.#call(this.#client.unary('GetOffset', place(group)));
    return answer?.status?.code === Code.OK ? answer.offset : (this.#committed.get(group) ?? 0);
  }

  async #checkProgress(): Promise<void> {
    for (const { group } of this.history.promisedProgress()) {
      const answer = await this.#client.unary('GetOffset', place(group));
      const offset = answer.status?.code === Code.OK ? answer.offset : 0;
      this.history.foundProgress(group, TOPIC, 0, offset);
    }
  }

  /** Undefined when the broker is gone, which is what this is about. */
  async #call<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      if (this.#running && this.#sluice.running) throw error;
      return undefined;
    }
  }

  /** Everything that can still come comes; then a group of its own reads all that there is. */
  async end(): Promise<void> {
    this.#running = true;
    const untilMs = performance.now() + 2 * INVISIBLE_S * 1000;
    while (performance.now() < untilMs && this.#missing() > 0) {
      const messages = await this.#receive(GROUP);
      await Promise.all(messages.map((message) => this.#acknowledge(message)));
    }
    this.history.drained(GROUP, TOPIC);
    const found = [];
    for (;;) {
      const messages = await this.#receive(AUDIT_GROUP, AUDIT_INVISIBLE_S);
      if (messages.length === 0) break;
      for (const { systemProperties, body } of messages) {
        const { messageId: id = '', queueId = 0, queueOffset: offset = 0 } = systemProperties ?? {};
        found.push({ id, topic: TOPIC, queueId, offset, body });
      }
    }
    this.history.foundAll(found);
    this.#running = false;
    this.#client.close();
  }

  #missing(): number {
    return this.history.outstanding(GROUP, TOPIC).length;
  }
}

function place(group: string) {
  const messageQueue = { topic: { name: TOPIC }, id: 0 };
  return { group: { name: group }, messageQueue };
}
