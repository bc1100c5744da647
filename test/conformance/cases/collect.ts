import type { OutgoingMessage, Producer, ReceivedMessage, SimpleConsumer } from '../clients.ts';

/**
 * Short for a long poll, so that a case never waits long for nothing; servers may raise it to 5 s.
 */
export const AWAIT_MS = 5_000;
/** The least that servers allow. wire.md A.8 */
export const INVISIBLE_MS = 10_000;
/**
 * How late a message may come again, and by how much clocks and the way to the client may differ.
 */
export const LATE_MS = 15_000;
export const EARLY_MS = 150;

/** Receives (and acks, unless told not to) until `wanted` different messages came. */
export async function collect(
  consumer: SimpleConsumer,
  wanted: number,
  options: { timeoutMs?: number; invisibleMs?: number; ack?: boolean } = {},
): Promise<ReceivedMessage[]> {
  const { timeoutMs = 30_000, invisibleMs = 30_000, ack = true } = options;
  const endMs = performance.now() + timeoutMs;
  const all: ReceivedMessage[] = [];
  const ids = new Set<string>();
  while (ids.size < wanted) {
    if (performance.now() >= endMs) {
      throw new Error(`after ${timeoutMs} ms ${ids.size} of ${wanted} messages came`);
    }
    const batch = await consumer.receive(32, invisibleMs);
    for (const message of batch) ids.add(message.messageId);
    all.push(...batch);
    if (ack) await Promise.all(batch.map((message) => consumer.ack(message)));
  }
  return all;
}

/** Sends `count` small messages, a few at a time; their ids in the order of the bodies' numbers. */
export async function sendMany(
  producer: Producer,
  topic: string,
  count: number,
  more: Partial<OutgoingMessage> = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let first = 0; first < count; first += 16) {
    const numbers = Array.from({ length: Math.min(16, count - first) }, (_, i) => first + i);
    const receipts = await Promise.all(
      numbers.map((n) => producer.send({ topic, body: Buffer.from(`message ${n}`), ...more })),
    );
    ids.push(...receipts.map((receipt) => receipt.messageId));
  }
  return ids;
}

export function idsOf(messages: readonly ReceivedMessage[]): string[] {
  return [...new Set(messages.map((message) => message.messageId))].toSorted();
}
