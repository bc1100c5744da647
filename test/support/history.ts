/**
 * What happened to a broker as its callers saw it, and a check that what is there afterwards
 * agrees: nothing that was promised is missing, nothing is there that nobody sent, nothing went
 * back (P1–P3).
 */
import { createHash } from 'node:crypto';

/**
 * A message as its sender knows it. Topics are named by whatever the caller tells them apart by.
 */
export interface SentMessage {
  id: string;
  topic: string;
  queueId: number;
  body: Buffer;
}

/** A message as a reader found it. */
export interface FoundMessage {
  id: string;
  topic: string;
  queueId: number;
  offset: number;
  body: Buffer;
}

interface Sent {
  topic: string;
  /** Undefined when the broker chose it. */
  queueId: number | undefined;
  digest: string;
  /** Undefined until the sender has its answer. */
  stored: { offset: number | undefined } | undefined;
}

function digestOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

function key(...parts: (string | number)[]): string {
  return parts.join('/');
}

export class History {
  readonly #sent = new Map<string, Sent>();
  /** Topics by whether they are known to be there, known to be gone, or in between. */
  readonly #topics = new Map<string, 'there' | 'deleting' | 'gone'>();
  readonly #acking = new Set<string>();
  readonly #acked = new Set<string>();
  readonly #delivered = new Set<string>();
  readonly #committed = new Map<string, number>();
  /** Messages that retention may have taken: their absence is no loss. */
  readonly #expirable = new Set<string>();
  readonly #violations: string[] = [];

  /** A history that goes on from here on its own. */
  clone(): History {
    const copy = new History();
    for (const [id, sent] of this.#sent) copy.#sent.set(id, { ...sent });
    for (const [topic, state] of this.#topics) copy.#topics.set(topic, state);
    for (const each of this.#acking) copy.#acking.add(each);
    for (const each of this.#acked) copy.#acked.add(each);
    for (const each of this.#delivered) copy.#delivered.add(each);
    for (const [place, offset] of this.#committed) copy.#committed.set(place, offset);
    for (const id of this.#expirable) copy.#expirable.add(id);
    copy.#violations.push(...this.#violations);
    return copy;
  }

  /** Everything that was found to be wrong. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  violated(what: string): void {
    this.#violations.push(what);
  }

  get sentCount(): number {
    return this.#sent.size;
  }

  get storedCount(): number {
    return [...this.#sent.values()].filter(({ stored }) => stored).length;
  }

  get ackedCount(): number {
    return this.#acked.size;
  }

  topicCreated(topic: string): void {
    this.#topics.set(topic, 'there');
  }

  topicDeleting(topic: string): void {
    this.#topics.set(topic, 'deleting');
  }

  topicDeleted(topic: string): void {
    this.#topics.set(topic, 'gone');
  }

  /** Topics that must be there, and those that must not. */
  topics(state: 'there' | 'gone'): string[] {
    return [...this.#topics].filter(([, is]) => is === state).map(([topic]) => topic);
  }

  sending({ id, topic, body, queueId }: Omit<SentMessage, 'queueId'> & { queueId?: number }): void {
    if (this.#sent.has(id)) throw new Error(`the id ${id} was used already`);
    this.#sent.set(id, { topic, queueId, digest: digestOf(body), stored: undefined });
  }

  stored(id: string, offset?: number): void {
    (this.#sent.get(id) as Sent).stored = { offset };
  }

  /** From here on retention may take what was stored so far in `topic`. */
  mayExpire(id: string): void {
    this.#expirable.add(id);
  }

  get ids(): Iterable<string> {
    return this.#sent.keys();
  }

  delivered(group: string, message: Omit<FoundMessage, 'offset' | 'queueId'>): void {
    const delivery = key(group, message.id);
    this.#delivered.add(delivery);
    this.#sameAsSent(message);
    if (this.#acked.has(delivery)) {
      this.#violations.push(`${message.id} was delivered to ${group} after its ack was answered`);
    }
  }

  acking(group: string, id: string): void {
    this.#acking.add(key(group, id));
  }

  acked(group: string, id: string): void {
    this.#acked.add(key(group, id));
  }

  /** The group was told that its progress in a queue is stored. */
  committed(group: string, topic: string, queueId: number, offset: number): void {
    const place = key(group, topic, queueId);
    this.#committed.set(place, Math.max(this.#committed.get(place) ?? 0, offset));
  }

  /** The progress that there is now. */
  foundProgress(group: string, topic: string, queueId: number, offset: number): void {
    const promised = this.#committed.get(key(group, topic, queueId)) ?? 0;
    if (offset >= promised) return;
    this.#violations.push(
      `the progress of ${group} in ${topic}/${queueId} went back from ${promised} to ${offset}`,
    );
  }

  /**
   * Checks everything that can be read from all queues of all topics, each queue from its minimum.
   */
  foundAll(found: readonly FoundMessage[]): void {
    const byId = new Map<string, FoundMessage>();
    for (const message of found) {
      if (byId.has(message.id)) this.#violations.push(`${message.id} is there twice`);
      byId.set(message.id, message);
      this.#sameAsSent(message);
    }
    for (const [id, { topic, queueId, stored }] of this.#sent) {
      if (!stored || this.#topics.get(topic) !== 'there') continue;
      const there = byId.get(id);
      if (!there) {
        if (!this.#expirable.has(id)) this.#violations.push(`${id} was stored and is lost`);
        continue;
      }
      const moved =
        (stored.offset !== undefined && there.offset !== stored.offset) ||
        (queueId !== undefined && there.queueId !== queueId);
      if (moved) this.#violations.push(`${id} is at ${there.queueId}/${there.offset} now`);
    }
    this.#dense(found);
  }

  #sameAsSent({ id, topic, body }: Omit<FoundMessage, 'offset' | 'queueId'>): void {
    const sent = this.#sent.get(id);
    if (!sent) this.#violations.push(`${id} is in ${topic}, but nobody sent it`);
    else if (sent.topic !== topic) this.#violations.push(`${id} is in ${topic}`);
    else if (sent.digest !== digestOf(body)) this.#violations.push(`${id} has another body`);
  }

  #dense(found: readonly FoundMessage[]): void {
    const queues = new Map<string, number[]>();
    for (const { topic, queueId, offset } of found) {
      const queue = key(topic, queueId);
      const offsets = queues.get(queue);
      if (offsets) offsets.push(offset);
      else queues.set(queue, [offset]);
    }
    for (const [queue, offsets] of queues) {
      const sorted = offsets.toSorted((a, b) => a - b);
      const first = sorted[0] as number;
      const gap = sorted.find((offset, i) => offset !== first + i);
      if (gap !== undefined) this.#violations.push(`${queue} has a gap before offset ${gap}`);
    }
  }

  /** Stored messages of a topic that the group has neither been given nor acknowledged. */
  outstanding(group: string, topic: string): string[] {
    const ids: string[] = [];
    for (const [id, sent] of this.#sent) {
      if (sent.topic !== topic || !sent.stored || this.#expirable.has(id)) continue;
      const delivery = key(group, id);
      if (!this.#delivered.has(delivery) && !this.#acking.has(delivery)) ids.push(id);
    }
    return ids;
  }

  /** Everything that can still come has come: what is outstanding now is lost. */
  drained(group: string, topic: string): void {
    for (const id of this.outstanding(group, topic)) {
      this.#violations.push(`${id} was stored and never came to ${group}`);
    }
  }

  /** Forgets who got what, so that `drained` speaks only of what comes from now on. */
  forgetDeliveries(): void {
    this.#delivered.clear();
  }
}
