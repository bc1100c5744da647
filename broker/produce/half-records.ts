/**
 * The records of transactions; numbers are big-endian (docs/storage-format.md).
 *
 *   half         id u48 · topic id u48 · since u48 (ms) · next check u48 (ms) · checks u16
 *                length of the client id u8 · client id · the message in its layout
 *   halfOutcome  id u48 · outcome u8
 *   halfChecked  id u48 · next check u48 (ms) · checks u16
 */
import type { Payload } from '#broker/store/record';

const U48 = 6;
const CHECKED_BYTES = U48 + U48 + 2;
const OUTCOME_BYTES = U48 + 1;
/** Up to the client id. */
const HEAD_BYTES = 4 * U48 + 2 + 1;
const CLIENT_AT = HEAD_BYTES - 1;

/** How a transaction ended; the numbers are in the log and in the index. */
export const OUTCOME = { committed: 1, rolledBack: 2, givenUp: 3 } as const;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];
export const OUTCOMES: readonly Outcome[] = Object.values(OUTCOME);

export interface HalfHead {
  /** The position of the transaction's first half record: 0 for that record itself. */
  id: number;
  topicId: number;
  /** When it began. */
  sinceMs: number;
  /** When producers are asked next. */
  dueMs: number;
  /** How often they were. */
  checks: number;
}

/** A half message on its way into the log, by its head and what writes the message. */
export class HalfPayload implements Payload {
  readonly #head: HalfHead;
  readonly #clientId: Buffer;
  readonly #message: Payload;
  readonly bytes: number;

  constructor(head: HalfHead, clientId: string, message: Payload) {
    this.#head = head;
    this.#clientId = Buffer.from(clientId);
    this.#message = message;
    this.bytes = HEAD_BYTES + this.#clientId.length + message.bytes;
  }

  write(target: Buffer, at: number, position: number, timestampMs: number): void {
    const { id, topicId, sinceMs, dueMs, checks } = this.#head;
    target.writeUIntBE(id, at, U48);
    target.writeUIntBE(topicId, at + 6, U48);
    target.writeUIntBE(sinceMs, at + 12, U48);
    target.writeUIntBE(dueMs, at + 18, U48);
    target.writeUInt16BE(checks, at + 24);
    target[at + CLIENT_AT] = this.#clientId.length;
    this.#clientId.copy(target, at + HEAD_BYTES);
    const messageAt = at + HEAD_BYTES + this.#clientId.length;
    this.#message.write(target, messageAt, position, timestampMs);
  }
}

export interface DecodedHalf extends HalfHead {
  /** Who sent it. */
  clientId: string;
  /** In its layout; shares memory with the payload. */
  message: Buffer;
}

export function decodeHalf(payload: Buffer, position: number): DecodedHalf {
  const messageAt = HEAD_BYTES + (payload[CLIENT_AT] as number);
  return {
    id: payload.readUIntBE(0, U48) || position,
    topicId: payload.readUIntBE(6, U48),
    sinceMs: payload.readUIntBE(12, U48),
    dueMs: payload.readUIntBE(18, U48),
    checks: payload.readUInt16BE(24),
    clientId: payload.toString('utf8', HEAD_BYTES, messageAt),
    message: payload.subarray(messageAt),
  };
}

export function outcomePayload(id: number, outcome: Outcome): Payload {
  return {
    bytes: OUTCOME_BYTES,
    write(target, at) {
      target.writeUIntBE(id, at, U48);
      target[at + U48] = outcome;
    },
  };
}

export function decodeOutcome(payload: Buffer): { id: number; outcome: Outcome } {
  return { id: payload.readUIntBE(0, U48), outcome: payload[U48] as Outcome };
}

export type HalfChecked = Pick<HalfHead, 'id' | 'dueMs' | 'checks'>;

export function checkedPayload({ id, dueMs, checks }: HalfChecked): Payload {
  return {
    bytes: CHECKED_BYTES,
    write(target, at) {
      target.writeUIntBE(id, at, U48);
      target.writeUIntBE(dueMs, at + 6, U48);
      target.writeUInt16BE(checks, at + 12);
    },
  };
}

export function decodeChecked(payload: Buffer): HalfChecked {
  return {
    id: payload.readUIntBE(0, U48),
    dueMs: payload.readUIntBE(6, U48),
    checks: payload.readUInt16BE(12),
  };
}

/** Where the half record of a transaction is, and how far the transaction has come. */
export interface HalfPlace {
  topicId: number;
  /** Of its newest half record. */
  position: number;
  sinceMs: number;
  /** Of an open one when producers are asked next, of another one when it ended. */
  timeMs: number;
  checks: number;
}

const PLACE_BYTES = 4 * U48 + 2;

/** As a value of the index. */
export function encodePlace({ topicId, position, sinceMs, timeMs, checks }: HalfPlace): Buffer {
  const value = Buffer.alloc(PLACE_BYTES);
  value.writeUIntBE(topicId, 0, U48);
  value.writeUIntBE(position, 6, U48);
  value.writeUIntBE(sinceMs, 12, U48);
  value.writeUIntBE(timeMs, 18, U48);
  value.writeUInt16BE(checks, 24);
  return value;
}

export function decodePlace(value: Buffer): HalfPlace {
  return {
    topicId: value.readUIntBE(0, U48),
    position: value.readUIntBE(6, U48),
    sinceMs: value.readUIntBE(12, U48),
    timeMs: value.readUIntBE(18, U48),
    checks: value.readUInt16BE(24),
  };
}
