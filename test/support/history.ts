/**
 * What happened to a broker, or to many, as their callers saw it, and a check that what is there
 * afterwards agrees (P1 to P4). All load and crash tests share it:
 *
 * - what was promised to its sender is there, comes to every group, and nothing comes that nobody
 *   sent or that was changed on the way;
 * - what a group is done with does not come again; how often the rest came again is counted;
 * - in a group that is ordered, the messages of a message group come and are done in their order;
 * - a scheduled message is never early, a recalled one never comes;
 * - a transaction is seen if it was committed, and never otherwise;
 * - a message has one dead letter at most;
 * - progress does not go back.
 */
import { GroupHistory } from '#support/history-group';
import type { LineOrder, Place } from '#support/history-order';
import { SenderHistory, key } from '#support/history-senders';
import type { DeliveredMessage, Sent } from '#support/history-senders';

/** A message as a reader found it. */
export interface FoundMessage {
  id: string;
  topic: string;
  queueId: number;
  offset: number;
  body: Buffer;
}

export class History extends SenderHistory {
  readonly #groups = new Map<string, GroupHistory>();
  readonly #committed = new Map<string, { group: string; place: string; offset: number }>();
  #latestMs = 0;

  /** A history that goes on from here on its own. */
  clone(): History {
    const copy = new History();
    this.copyTo(copy);
    for (const [name, group] of this.#groups) copy.#groups.set(name, group.clone(copy.lines));
    for (const [where, committed] of this.#committed) copy.#committed.set(where, committed);
    copy.#latestMs = this.#latestMs;
    return copy;
  }

  /** Acknowledgements that were answered, over all groups. */
  get ackedCount(): number {
    return this.#sum((group) => group.acked.size);
  }

  /** Messages that came, over all groups, each once. */
  get receivedCount(): number {
    return this.#sum((group) => group.delivered.size);
  }

  /** Deliveries to a group of what it had got before. */
  get duplicates(): number {
    return this.#sum((group) => group.duplicates);
  }

  /** By how much the latest of the scheduled messages was late. */
  get latestMs(): number {
    return this.#latestMs;
  }

  /** Queues that messages came from, where places were told. */
  get queues(): readonly string[] {
    return [...new Set([...this.#groups.values()].flatMap(({ queues }) => queues.queues))];
  }

  #sum(of: (group: GroupHistory) => number): number {
    let sum = 0;
    for (const group of this.#groups.values()) sum += of(group);
    return sum;
  }

  #group(name: string): GroupHistory {
    let group = this.#groups.get(name);
    if (!group) this.#groups.set(name, (group = new GroupHistory()));
    return group;
  }

  /** The group is ordered: from here on it is held to that. */
  ordered(name: string): void {
    this.#group(name).isOrdered(this.lines);
  }

  delivered(name: string, message: DeliveredMessage): void {
    const { id, place, atMs } = message;
    const group = this.#group(name);
    const isFirst = !group.delivered.has(id);
    if (!isFirst) group.duplicates++;
    if (place && isFirst && place.attempt === 1) {
      group.queues.first(id, place, (what) => this.violated(what));
    }
    group.delivered.add(id);
    this.check(message, atMs);
    if (group.acked.has(ackKey(id, place))) {
      this.violated(`${id} was delivered to ${name} after its ack was answered`);
    }
    if (group.deadLettered.has(id)) this.violated(`${id} came to ${name} from its dead letters`);
    this.#inLine(group.order?.deliveries, id, (other) => group.has(other), `came to ${name}`);
    const dueMs = this.sent.get(id)?.dueMs;
    if (isFirst && dueMs !== undefined && atMs !== undefined) {
      this.#latestMs = Math.max(this.#latestMs, atMs - dueMs);
    }
  }

  #inLine(
    order: LineOrder | undefined,
    id: string,
    hasBeen: (id: string) => boolean,
    what: string,
  ): void {
    const sent = this.sent.get(id);
    if (!order || sent?.line === undefined) return;
    const { line, after } = sent;
    const isThrough = (other: string): boolean => hasBeen(other) || this.known(other).mayBeGone;
    const missing = order.missingBefore({ line, after }, isThrough);
    if (missing !== undefined) this.violated(`${id} ${what} before ${missing}`);
  }

  acking(name: string, id: string): void {
    const group = this.#group(name);
    group.acking.add(id);
    this.#inLine(group.order?.acks, id, (other) => group.isDone(other), `was done by ${name}`);
  }

  /** `place` where the messages of the group have one. */
  acked(name: string, id: string, place?: Omit<Place, 'attempt'>): void {
    const group = this.#group(name);
    group.acking.add(id);
    group.acked.add(ackKey(id, place));
  }

  /** A call for messages failed: as many as it asked for may have been on their way. */
  lost(name: string, queue: string, messages: number): void {
    this.#group(name).queues.lost(queue, messages);
  }

  /** A copy of the message was found among the dead letters of the group. */
  deadLettered(name: string, id: string): void {
    const group = this.#group(name);
    this.heardOf(id);
    if (group.deadLettered.has(id)) this.violated(`${id} is twice in the dead letters of ${name}`);
    if (group.acked.has(ackKey(id, undefined))) {
      this.violated(`${id} is a dead letter of ${name} after its ack was answered`);
    }
    group.deadLettered.add(id);
  }

  // ---- progress

  /** The group was told that its progress in a queue is stored. */
  committed(group: string, topic: string, queueId: number, offset: number): void {
    const place = key(topic, queueId);
    const before = this.#committed.get(key(group, place))?.offset ?? 0;
    const promised = { group, place, offset: Math.max(before, offset) };
    this.#committed.set(key(group, place), promised);
  }

  /** The progress that there is now. */
  foundProgress(group: string, topic: string, queueId: number, offset: number): void {
    const promised = this.#committed.get(key(group, topic, queueId))?.offset ?? 0;
    if (offset >= promised) return;
    this.violated(
      `the progress of ${group} in ${topic}/${queueId} went back from ${promised} to ${offset}`,
    );
  }

  /** From here on the progress of the group may be dropped. */
  mayForget(group: string): void {
    for (const [where, promised] of this.#committed) {
      if (promised.group === group) this.#committed.delete(where);
    }
  }

  /** Groups with a progress that they were promised, in a topic that must be there. */
  *promisedProgress(): Iterable<{ group: string; topic: string; queueId: number }> {
    for (const { group, place } of this.#committed.values()) {
      const [topic = '', queueId] = place.split('/');
      if (this.isThere(topic)) yield { group, topic, queueId: Number(queueId) };
    }
  }

  // ---- what there is in the end

  /**
   * Checks everything that can be read from all queues of all topics, each queue from its minimum.
   * With the time, scheduled messages that are due are expected too.
   */
  foundAll(found: readonly FoundMessage[], nowMs?: number): void {
    const byId = new Map<string, FoundMessage>();
    for (const message of found) {
      if (byId.has(message.id)) this.violated(`${message.id} is there twice`);
      byId.set(message.id, message);
      this.check(message, nowMs);
    }
    for (const [id, sent] of this.sent) {
      const there = byId.get(id);
      if (there) this.#notMoved(id, sent, there);
      else if (this.isPromised(sent, nowMs)) this.violated(`${id} was stored and is lost`);
    }
    for (const gap of gaps(found)) this.violated(gap);
  }

  #notMoved(id: string, { topic, queueId, stored }: Sent, there: FoundMessage): void {
    if (!stored || !this.isThere(topic)) return;
    const moved =
      (stored.offset !== undefined && there.offset !== stored.offset) ||
      (queueId !== undefined && there.queueId !== queueId);
    if (moved) this.violated(`${id} is at ${there.queueId}/${there.offset} now`);
  }

  /** Stored messages of a topic that the group has neither been given nor acknowledged. */
  outstanding(name: string, topic: string, nowMs = Infinity): string[] {
    const group = this.#group(name);
    const ids: string[] = [];
    for (const [id, sent] of this.sent) {
      if (sent.topic === topic && this.isPromised(sent, nowMs) && !group.has(id)) ids.push(id);
    }
    return ids;
  }

  /** Everything that can still come has come: what is outstanding now is lost. */
  drained(name: string, topic: string, nowMs = Infinity): void {
    for (const id of this.outstanding(name, topic, nowMs)) {
      this.violated(`${id} was stored and never came to ${name}`);
    }
  }

  /** Forgets who got what, so that `drained` speaks only of what comes from now on. */
  forgetDeliveries(): void {
    for (const group of this.#groups.values()) group.delivered.clear();
  }
}

/** What acknowledgements are told apart by: the message may be there twice. */
function ackKey(id: string, place: Omit<Place, 'attempt'> | undefined): string {
  return place ? key(place.queue, place.offset) : id;
}

function gaps(found: readonly FoundMessage[]): string[] {
  const queues = new Map<string, number[]>();
  for (const { topic, queueId, offset } of found) {
    const queue = key(topic, queueId);
    const offsets = queues.get(queue);
    if (offsets) offsets.push(offset);
    else queues.set(queue, [offset]);
  }
  const wrong: string[] = [];
  for (const [queue, offsets] of queues) {
    const sorted = offsets.toSorted((a, b) => a - b);
    const first = sorted[0] as number;
    const gap = sorted.find((offset, i) => offset !== first + i);
    if (gap !== undefined) wrong.push(`${queue} has a gap before offset ${gap}`);
  }
  return wrong;
}
