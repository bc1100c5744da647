/** One broker of the route, tried as a producer and a simple consumer would use it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OutOfTime, type Deadline } from '#cli/check/deadline';
import { MessagingClient, type ClientIdentity } from '#cli/check/messaging-client';
import {
  checkMessage,
  consumerSettings,
  producerSettings,
  receiveRequest,
} from '#cli/check/requests';
import { writableQueue, type Target } from '#cli/check/route';
import { assertOk, Finding, Refusal, troubleOf, type Trouble } from '#cli/check/trouble';
import { formatHostPort, type HostPort } from '#lib/host-port';
import { CHECK } from '#lib/limits';
import { Backoff } from '#lib/retry';
import { Code, type Message, type MessageQueue } from '#proto/types';

export interface CheckPlan {
  readonly endpoint: HostPort;
  readonly topic: string;
  readonly group: string;
  /** Messages to each broker. */
  readonly count: number;
  readonly isTls: boolean;
  readonly timeoutMs: number;
  readonly producer: ClientIdentity;
  readonly consumer: ClientIdentity;
  readonly deadline: Deadline;
}

export interface Step {
  readonly step: 'connect' | 'send' | 'receive' | 'ack';
  readonly ms: number;
  readonly isOk: boolean;
}

export interface Probed {
  readonly target: Target;
  readonly isReadOnly: boolean;
  readonly steps: readonly Step[];
  /** Undefined when all went well. */
  readonly trouble: Trouble | undefined;
}

interface Receipt {
  readonly messageId: string;
  readonly receiptHandle: string;
}

export async function probe(target: Target, plan: CheckPlan): Promise<Probed> {
  const client = new MessagingClient(target.address, plan.isTls);
  const steps: Step[] = [];
  const timed = async <T>(step: Step['step'], run: () => Promise<T>): Promise<T> => {
    const startMs = performance.now();
    let isOk = false;
    try {
      const result = await run();
      isOk = true;
      return result;
    } finally {
      steps.push({ step, ms: performance.now() - startMs, isOk });
    }
  };
  const queue = writableQueue(target);
  const outcome = { target, isReadOnly: queue === undefined, steps };
  try {
    await timed('connect', () => connect(client, plan));
    if (queue !== undefined) {
      const sent = await timed('send', () => sendAll(client, queue, plan));
      const receipts = await timed('receive', () => receiveAll(client, target, sent, plan));
      await timed('ack', () => acknowledge(client, receipts, plan));
    }
    return { ...outcome, trouble: undefined };
  } catch (error) {
    const address = formatHostPort(target.address);
    const scene = { ...plan, broker: target.broker, address };
    return { ...outcome, trouble: troubleOf(error, scene) };
  } finally {
    await sayGoodbye(client, plan);
  }
}

async function connect(client: MessagingClient, plan: CheckPlan): Promise<void> {
  const { endpoint, producer, consumer, deadline } = plan;
  const timeoutMs = (): number => deadline.forCallMs(CHECK.callMs);
  await client.exchangeSettings(producerSettings(endpoint, plan.topic), producer, timeoutMs());
  await client.exchangeSettings(consumerSettings(endpoint, plan), consumer, timeoutMs());
}

/** The ids of what was sent. */
async function sendAll(
  client: MessagingClient,
  queue: MessageQueue,
  plan: CheckPlan,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (let index = 0; index < plan.count; index++) {
    const { id, ...message } = checkMessage(plan.topic, queue.id);
    await unlessThrottled(plan, async () => {
      const timeoutMs = plan.deadline.forCallMs(CHECK.callMs);
      const request = { messages: [message] };
      const answer = await client.unary('SendMessage', request, plan.producer, timeoutMs);
      assertOk(answer.status);
      assertOk(answer.entries[0]?.status);
    });
    ids.add(id);
  }
  return ids;
}

async function unlessThrottled(plan: CheckPlan, send: () => Promise<void>): Promise<void> {
  const backoff = new Backoff(CHECK.throttled);
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const isThrottled = error instanceof Refusal && error.code === Code.TOO_MANY_REQUESTS;
      if (!isThrottled || attempt >= CHECK.sendAttempts) throw error;
      await sleep(plan.deadline.forCallMs(backoff.nextMs()));
    }
  }
}

async function receiveAll(
  client: MessagingClient,
  { broker, queues }: Target,
  sent: ReadonlySet<string>,
  plan: CheckPlan,
): Promise<readonly Receipt[]> {
  const receipts = new Map<string, Receipt>();
  const stale: Receipt[] = [];
  // Some members of ordered groups get each queue by itself, others all, whichever is named.
  for (let turn = 0; receipts.size < sent.size; turn++) {
    const queue = queues[turn % queues.length];
    if (queue === undefined) break;
    const messages = await poll(client, queue, plan).catch((error: unknown) => {
      throw error instanceof OutOfTime ? lost(sent.size - receipts.size, broker, plan) : error;
    });
    for (const message of messages) {
      const receipt = receiptOf(message);
      if (sent.has(receipt.messageId)) receipts.set(receipt.messageId, receipt);
      else if (isStale(message)) stale.push(receipt);
    }
    if (messages.length === 0) await sleep(CHECK.pollAgainMs);
  }
  return [...receipts.values(), ...stale];
}

function lost(missing: number, broker: string, { group, deadline, count }: CheckPlan): Finding {
  const seconds = deadline.totalMs / 1000;
  const messages = `${count} ${count === 1 ? 'message' : 'messages'}`;
  return new Finding(
    `${broker} took ${messages}, but ${missing} did not come back within ${seconds} s`,
    'give it more time with --timeout: a group that is new reads past what is in the topic; ' +
      `and see that no other consumer is in the group ${group}`,
  );
}

async function poll(
  client: MessagingClient,
  queue: MessageQueue,
  { group, consumer, deadline }: CheckPlan,
): Promise<readonly Message[]> {
  const leftMs = deadline.forCallMs(CHECK.pollMs + CHECK.callMs);
  const pollMs = Math.max(0, Math.min(CHECK.pollMs, leftMs - CHECK.answerMarginMs));
  const answers = await client.receive(receiveRequest(group, queue, pollMs), consumer, leftMs);
  const said = answers.find(({ status }) => status)?.status;
  if (said?.code === Code.MESSAGE_NOT_FOUND) return [];
  assertOk(said);
  return answers.flatMap(({ message }) => (message ? [message] : []));
}

/** Left behind by a check that is over: nobody waits for it. */
function isStale({ systemProperties }: Message): boolean {
  const bornMs = (systemProperties?.bornTimestamp?.seconds ?? 0) * 1000;
  return Date.now() - bornMs > CHECK.timeoutMaxMs;
}

function receiptOf({ systemProperties }: Message): Receipt {
  return {
    messageId: systemProperties?.messageId ?? '',
    receiptHandle: systemProperties?.receiptHandle ?? '',
  };
}

async function acknowledge(
  client: MessagingClient,
  receipts: readonly Receipt[],
  { group, topic, consumer, deadline }: CheckPlan,
): Promise<void> {
  for (let from = 0; from < receipts.length; from += CHECK.receiveBatch) {
    const request = {
      group: { name: group },
      topic: { name: topic },
      entries: receipts.slice(from, from + CHECK.receiveBatch),
    };
    const timeoutMs = deadline.forCallMs(CHECK.callMs);
    const answer = await client.unary('AckMessage', request, consumer, timeoutMs);
    assertOk(
      answer.entries.find(({ status }) => status?.code !== Code.OK)?.status ?? answer.status,
    );
  }
}

/** So that the broker forgets both clients at once; whether it hears so changes nothing. */
async function sayGoodbye(client: MessagingClient, plan: CheckPlan): Promise<void> {
  const { producer, consumer, group } = plan;
  await Promise.allSettled([
    client.unary('NotifyClientTermination', {}, producer, CHECK.goodbyeMs),
    client.unary('NotifyClientTermination', { group: { name: group } }, consumer, CHECK.goodbyeMs),
  ]);
  client.close();
}
