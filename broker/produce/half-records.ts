/**
 * The records of transactions; numbers are big-endian (docs/storage-format.md).
 *
 *   half         id u48 · topic id u48 · since u48 (ms) · next check u48 (ms) · checks u16
 *                length of the client id u8 · client id · the message in its layout
 *   halfOutcome  id u48 · outcome u8 · the place of the half record, as in the index
 *   halfChecked  id u48 · next check u48 (ms) · checks u16
 */
import type { Payload } from '#broker/store/record';

const U48 = 6;
const CHECKED_BYTES = U48 + U48 + 2;
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

function writePlace(place: HalfPlace, target: Buffer, at: number): void {
  target.writeUIntBE(place.topicId, at, U48);
  target.writeUIntBE(place.position, at + 6, U48);
  target.writeUIntBE(place.sinceMs, at + 12, U48);
  target.writeUIntBE(place.timeMs, at + 18, U48);
  target.writeUInt16BE(place.checks, at + 24);
}

/** As a value of the index. */
export function encodePlace(place: HalfPlace): Buffer {
  const value = Buffer.alloc(PLACE_BYTES);
  writePlace(place, value, 0);
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

/** A transaction that has ended; its place is that of the message, if that was committed. */
export interface Ended extends HalfPlace {
  readonly id: number;
  readonly outcome: Outcome;
  /** Of the record that ended it: as long as that is there, it is known how. */
  readonly endPosition: number;
}

/** As a value of the index; its key has id and outcome. */
export function encodeEnded(ended: Ended): Buffer {
  const value = Buffer.alloc(PLACE_BYTES + U48);
  writePlace(ended, value, 0);
  value.writeUIntBE(ended.endPosition, PLACE_BYTES, U48);
  return value;
}

export function decodeEnded(id: number, outcome: Outcome, value: Buffer): Ended {
  return { id, outcome, ...decodePlace(value), endPosition: value.readUIntBE(PLACE_BYTES, U48) };
}

export type HalfOutcome = Omit<Ended, 'endPosition'>;

export function outcomePayload(ended: HalfOutcome): Payload {
  return {
    bytes: U48 + 1 + PLACE_BYTES,
    write(target, at) {
      target.writeUIntBE(ended.id, at, U48);
      target[at + U48] = ended.outcome;
      writePlace(ended, target, at + U48 + 1);
    },
  };
}

export function decodeOutcome(payload: Buffer): HalfOutcome {
  const place = decodePlace(payload.subarray(U48 + 1));
  return { id: payload.readUIntBE(0, U48), outcome: payload[U48] as Outcome, ...place };
}
