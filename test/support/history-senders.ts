/** What was promised to those who send, and what may be seen of it. Part of a history. */
import { createHash } from 'node:crypto';

import { Lines } from '#support/history-order';
import type { Place } from '#support/history-order';

/** A message as its sender knows it; topics are named by whatever tells them apart. */
export interface SentMessage {
  id: string;
  topic: string;
  /** Undefined when the broker chooses it. */
  queueId?: number;
  /** Undefined where nobody looks at it. */
  body?: Buffer;
  messageGroup?: string | undefined;
  /** When a scheduled message is to come. */
  dueMs?: number;
  /** The first half of a transaction: it is to be committed. */
  half?: boolean;
}

/** A message as it came to a consumer. */
export interface DeliveredMessage {
  id: string;
  topic: string;
  body?: Buffer;
  /** Where order of the queue matters, or a message can be there twice. */
  place?: Place;
  atMs?: number;
}

export interface FailedSend {
  readonly id: string;
  readonly error: string;
  readonly atMs: number;
}

export type Outcome = 'commit' | 'rollback';

export interface Sent {
  topic: string;
  queueId: number | undefined;
  digest: string | undefined;
  dueMs: number | undefined;
  /** Its message group, and how many of that were stored before it was sent. */
  line: string | undefined;
  after: number;
  /** Undefined until the sender has its answer. */
  stored: { offset: number | undefined } | undefined;
  half: boolean;
  /** What was asked for, by its sender or in answer to a check. */
  asked: ReadonlySet<Outcome>;
  /** What the sender was told that it came to. */
  ended: Outcome | undefined;
  recall: 'asked' | 'done' | undefined;
  /** Retention may have taken it, or nobody said how it ended for so long that it was given up. */
  mayBeGone: boolean;
}

function digestOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

export function key(...parts: (string | number)[]): string {
  return parts.join('/');
}

export class SenderHistory {
  protected readonly sent = new Map<string, Sent>();
  protected lines = new Lines();
  readonly #failures: FailedSend[] = [];
  /** Topics by whether they are known to be there, known to be gone, or in between. */
  readonly #topics = new Map<string, 'there' | 'deleting' | 'gone'>();
  readonly #violations: string[] = [];
  /** Came before anybody was heard to send it, as can be where clients are processes. */
  readonly #unknown = new Set<string>();

  protected copyTo(copy: SenderHistory): void {
    for (const [id, sent] of this.sent) copy.sent.set(id, { ...sent });
    copy.#failures.push(...this.#failures);
    copy.lines = this.lines.clone();
    for (const [topic, state] of this.#topics) copy.#topics.set(topic, state);
    copy.#violations.push(...this.#violations);
    for (const id of this.#unknown) copy.#unknown.add(id);
  }

  /** Everything that was found to be wrong. */
  get violations(): readonly string[] {
    const unsent = [...this.#unknown].filter((id) => !this.sent.has(id));
    return [...this.#violations, ...unsent.map((id) => `nobody sent ${id}`)];
  }

  violated(what: string): void {
    this.#violations.push(what);
  }

  get sentCount(): number {
    return this.sent.size;
  }

  get storedCount(): number {
    let count = 0;
    for (const { stored } of this.sent.values()) if (stored) count++;
    return count;
  }

  // ---- topics

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

  protected isThere(topic: string): boolean {
    return (this.#topics.get(topic) ?? 'there') === 'there';
  }

  // ---- senders

  sending({ id, topic, body, queueId, messageGroup, dueMs, half = false }: SentMessage): void {
    if (this.sent.has(id)) throw new Error(`the id ${id} was used already`);
    const line = messageGroup === undefined ? undefined : key(topic, messageGroup);
    this.sent.set(id, {
      topic,
      queueId,
      digest: body && digestOf(body),
      dueMs,
      line,
      after: line === undefined ? 0 : this.lines.length(line),
      stored: undefined,
      half,
      asked: new Set(),
      ended: undefined,
      recall: undefined,
      mayBeGone: false,
    });
  }

  stored(id: string, offset?: number): void {
    const sent = this.known(id);
    sent.stored = { offset };
    if (sent.line !== undefined) this.lines.add(sent.line, id);
  }

  /** It may have been stored all the same. */
  failed(id: string, error: string): void {
    this.#failures.push({ id, error, atMs: performance.now() });
  }

  get failures(): readonly FailedSend[] {
    return this.#failures;
  }

  /** A transaction's end is asked for, or a check is answered with it. */
  ending(id: string, outcome: Outcome): void {
    const sent = this.known(id);
    sent.asked = new Set([...sent.asked, outcome]);
  }

  /** The sender was told that the end is stored. */
  ended(id: string, outcome: Outcome): void {
    this.ending(id, outcome);
    const sent = this.known(id);
    if (sent.ended !== undefined && sent.ended !== outcome) {
      this.violated(`${id} ended by ${sent.ended} and by ${outcome}`);
    }
    sent.ended = outcome;
  }

  recalling(id: string): void {
    this.known(id).recall = 'asked';
  }

  recalled(id: string): void {
    this.known(id).recall = 'done';
  }

  get recalledCount(): number {
    return [...this.sent.values()].filter(({ recall }) => recall === 'done').length;
  }

  /** From here on retention may have taken it: its absence is no loss. */
  mayExpire(id: string): void {
    this.known(id).mayBeGone = true;
  }

  get ids(): Iterable<string> {
    return this.sent.keys();
  }

  protected known(id: string): Sent {
    const sent = this.sent.get(id);
    if (!sent) throw new Error(`nobody sent ${id}`);
    return sent;
  }

  protected heardOf(id: string): void {
    if (!this.sent.has(id)) this.#unknown.add(id);
  }

  /** It must be there, and visible: at least by now. */
  protected isPromised(sent: Sent, nowMs = -Infinity): boolean {
    const { stored, half, ended, recall, mayBeGone, dueMs = -Infinity, topic } = sent;
    if (!stored || mayBeGone || recall !== undefined) return false;
    if (half && ended !== 'commit') return false;
    return dueMs <= nowMs && this.isThere(topic);
  }

  /** It was sent like that, and may be seen. */
  protected check({ id, topic, body }: DeliveredMessage, atMs: number | undefined): void {
    const sent = this.sent.get(id);
    if (!sent) return this.heardOf(id);
    const { digest, half, asked, ended, recall, dueMs } = sent;
    if (sent.topic !== topic) this.violated(`${id} is in ${topic}`);
    else if (body && digest !== undefined && digest !== digestOf(body)) {
      this.violated(`${id} has another body`);
    }
    if (half && !asked.has('commit')) this.violated(`${id} is seen, but nobody committed it`);
    if (ended === 'rollback') this.violated(`${id} is seen, but was rolled back`);
    if (recall === 'done') this.violated(`${id} is seen, but was recalled`);
    if (dueMs !== undefined && atMs !== undefined && atMs < dueMs) {
      this.violated(`${id} is seen ${dueMs - atMs} ms too early`);
    }
  }
}
