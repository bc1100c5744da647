/** One page of a query for messages: what is in it, and how much more it may cost. */
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { CONSUME } from '#lib/limits';
import { QUERY } from '#lib/query-limits';
import type { StoredMessage as Stored } from '#proto/message';

import type { MessagePage } from '#broker/admin/backend';
import { DamageError } from '#broker/store/damage';

export class QueryPage {
  readonly #clock: Clock;
  readonly #size: number;
  readonly #endMs: number;
  readonly #messages: Stored[] = [];
  #unreadable = 0;
  #reads = 0;
  #readBytes = 0;
  #segments = 0;

  constructor(clock: Clock, size: number) {
    this.#clock = clock;
    this.#size = size;
    this.#endMs = clock.monotonicMs() + QUERY.pageMs;
  }

  /** Whether the rest is for the next page. It is never so before something was looked at. */
  get isFull(): boolean {
    if (this.#reads + this.#segments === 0) return false;
    return (
      this.#messages.length >= this.#size ||
      this.#reads >= QUERY.readsMax ||
      this.#readBytes >= QUERY.readBytesMax ||
      this.#segments >= QUERY.segmentsMax ||
      this.#clock.monotonicMs() >= this.#endMs
    );
  }

  countSegment(): void {
    this.#segments++;
  }

  /**
   * A message that is looked at; undefined when it is damaged, or when retention has just taken it
   * away, which `isGone` tells.
   */
  async read(read: () => Promise<Stored>, isGone: () => boolean): Promise<Stored | undefined> {
    if (++this.#reads % CONSUME.scanMessagesPerTurn === 0) await nextTurn();
    try {
      const message = await read();
      this.#readBytes += message.bodyBytes;
      return message;
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      if (!isGone()) this.#unreadable++;
      return undefined;
    }
  }

  add(message: Stored): void {
    this.#messages.push(message);
  }

  /** What it has; the next one goes on with the token. */
  until(nextPageToken: string): MessagePage<Stored> {
    return this.#page(nextPageToken, undefined);
  }

  last(oldestMs: number | undefined): MessagePage<Stored> {
    return this.#page('', oldestMs);
  }

  #page(nextPageToken: string, oldestMs: number | undefined): MessagePage<Stored> {
    return { messages: this.#messages, nextPageToken, unreadable: this.#unreadable, oldestMs };
  }
}

/** Pages go on at a log position; the kind keeps the token of one query from another one's. */
export type TokenKind = 'key' | 'place';

export function pageToken(kind: TokenKind, position: number): string {
  return `${kind}-${position}`;
}

/** Undefined for the first page. @throws SluiceError BAD_REQUEST */
export function readPageToken(kind: TokenKind, token: string): number | undefined {
  if (token === '') return undefined;
  const [, said, digits] = /^([a-z]+)-(\d{1,15})$/.exec(token) ?? [];
  if (said === kind) return Number(digits);
  throw new SluiceError('BAD_REQUEST', 'the page token is not one of an answer to such a query');
}
