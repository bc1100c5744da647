/** Progress, leases and acknowledgements as log records (docs/storage-format.md). */
import { SluiceError } from '#lib/errors';
import { writeU16BE, writeU32BE, writeU48BE } from '#lib/integers';

import { bytesPayload } from '#broker/store/record';
import type { Payload } from '#broker/store/record';
import { OffsetSet } from '#broker/consume/offset-set';
import type { LeaseEntry, Progress } from '#broker/consume/progress';

/** group id u48 · topic id u48 · queue id u16 */
const PLACE_BYTES = 14;
/** offset u48 · deadline u48 · attempt u16 · sequence u32 */
const LEASE_BYTES = 18;
/** cause u8 · member u48 */
const WHY_BYTES = 7;
const U48 = 6;
/** At the end of a whole progress: the group is still to be told of a reset. */
const UNTOLD = 1;
const UNTOLD_BYTES = 1;
const ATTEMPT_MAX = 0xffff;
/** Where leases and offsets begin. */
const LEASES_AT = PLACE_BYTES + U48 + WHY_BYTES;
const OFFSETS_AT = PLACE_BYTES + WHY_BYTES;

export interface Place {
  groupId: number;
  topicId: number;
  queueId: number;
}

/** What a record was written for; whoever asks for a message's path is told so. */
export const CAUSE = {
  /** A copy of what other records say. */
  copied: 0,
  handedOut: 1,
  /** The broker keeps it hidden for a consumer that is still there. */
  renewed: 2,
  /** The consumer asked for more time. */
  extended: 3,
  /** The consumer could not handle it: again after a wait. */
  postponed: 4,
  /** The consumer was gone before it got it. */
  givenBack: 5,
  acknowledged: 6,
  /** Not for this group, or no longer there. */
  passedOver: 7,
  deadLettered: 8,
  /** A consumer that keeps its own place has come so far. */
  committed: 9,
  /** The log took nothing for a while: what happened meanwhile. */
  caughtUp: 10,
  /** Somebody set the group to another offset. */
  reset: 11,
} as const;

export type Cause = (typeof CAUSE)[keyof typeof CAUSE];

/** Why a record was written, and for whom. */
export interface Why {
  readonly cause: Cause;
  /** Position of the record that says who it was; 0 when nobody knows. */
  readonly member: number;
}

const COPIED: Why = { cause: CAUSE.copied, member: 0 };

function writeWhy(target: Buffer, at: number, { cause, member }: Why): void {
  target[at] = cause;
  writeU48BE(target, member, at + 1);
}

function readWhy(source: Buffer, at: number): Why {
  return { cause: source[at] as Cause, member: source.readUIntBE(at + 1, U48) };
}

function writePlace(target: Buffer, at: number, { groupId, topicId, queueId }: Place): void {
  writeU48BE(target, groupId, at);
  writeU48BE(target, topicId, at + 6);
  writeU16BE(target, queueId, at + 12);
}

function tooShort(): SluiceError {
  return new SluiceError('INTERNAL_ERROR', 'a progress record is too short');
}

function readPlace(source: Buffer, bytesMin: number): Place {
  if (source.length < bytesMin) {
    throw tooShort();
  }
  return {
    groupId: source.readUIntBE(0, U48),
    topicId: source.readUIntBE(6, U48),
    queueId: source.readUInt16BE(12),
  };
}

/**
 * Leases granted at once, or with all leases the whole progress:
 * place · next offset u48 · why · leases. A reset is the same without leases.
 */
export class LeasesPayload implements Payload {
  readonly #place: Place;
  readonly #next: number;
  readonly #why: Why;
  readonly #leases: LeaseEntry[];
  readonly #resetUntold: boolean;
  readonly bytes: number;

  constructor(place: Place, next: number, leases: LeaseEntry[], why = COPIED, resetUntold = false) {
    this.#place = place;
    this.#next = next;
    this.#why = why;
    this.#leases = leases;
    this.#resetUntold = resetUntold;
    const lastBytes = resetUntold ? UNTOLD_BYTES : 0;
    this.bytes = LEASES_AT + leases.length * LEASE_BYTES + lastBytes;
  }

  write(target: Buffer, at: number): void {
    writePlace(target, at, this.#place);
    writeU48BE(target, this.#next, at + PLACE_BYTES);
    writeWhy(target, at + PLACE_BYTES + U48, this.#why);
    let entryAt = at + LEASES_AT;
    for (const { offset, deadlineMs, attempt, sequence } of this.#leases) {
      writeU48BE(target, offset, entryAt);
      writeU48BE(target, deadlineMs, entryAt + 6);
      writeU16BE(target, Math.min(attempt, ATTEMPT_MAX), entryAt + 12);
      writeU32BE(target, sequence, entryAt + 14);
      entryAt += LEASE_BYTES;
    }
    if (this.#resetUntold) target[entryAt] = UNTOLD;
  }
}

/** The whole of a progress, for the index and for the head of a segment. */
export function progressPayload(progress: Progress, cause: Cause = CAUSE.copied): LeasesPayload {
  const { next, leases, resetUntold } = progress;
  return new LeasesPayload(progress, next, [...leases], { cause, member: 0 }, resetUntold);
}

/** Whether the payload of a whole progress says that the group is still to be told of a reset. */
export function isResetUntold(source: Buffer): boolean {
  return (source.length - LEASES_AT) % LEASE_BYTES === UNTOLD_BYTES;
}

export interface LeasesRecord extends Place, Why {
  next: number;
  leases: LeaseEntry[];
}

export function decodeLeases(source: Buffer): LeasesRecord {
  const place = readPlace(source, LEASES_AT);
  const next = source.readUIntBE(PLACE_BYTES, U48);
  const why = readWhy(source, PLACE_BYTES + U48);
  const leases: LeaseEntry[] = [];
  for (let at = LEASES_AT; at + LEASE_BYTES <= source.length; at += LEASE_BYTES) {
    leases.push({
      offset: source.readUIntBE(at, U48),
      deadlineMs: source.readUIntBE(at + 6, U48),
      attempt: source.readUInt16BE(at + 12),
      sequence: source.readUInt32BE(at + 14),
    });
  }
  return { ...place, ...why, next, leases };
}

/** Messages that are done with: place · why · offsets u48. */
export class AcksPayload implements Payload {
  readonly #place: Place;
  readonly #offsets: number[];
  readonly #why: Why;
  readonly bytes: number;

  constructor(place: Place, offsets: number[], why: Why) {
    this.#place = place;
    this.#offsets = offsets;
    this.#why = why;
    this.bytes = OFFSETS_AT + offsets.length * U48;
  }

  write(target: Buffer, at: number): void {
    writePlace(target, at, this.#place);
    writeWhy(target, at + PLACE_BYTES, this.#why);
    let offsetAt = at + OFFSETS_AT;
    for (const offset of this.#offsets) {
      writeU48BE(target, offset, offsetAt);
      offsetAt += U48;
    }
  }
}

export interface AcksRecord extends Place, Why {
  offsets: number[];
}

export function decodeAcks(source: Buffer): AcksRecord {
  const place = readPlace(source, OFFSETS_AT);
  const why = readWhy(source, PLACE_BYTES);
  const offsets: number[] = [];
  for (let at = OFFSETS_AT; at + U48 <= source.length; at += U48) {
    offsets.push(source.readUIntBE(at, U48));
  }
  return { ...place, ...why, offsets };
}

/**
 * What is done above the next offset, beside a record of the whole progress:
 * place · an OffsetSet.
 */
export function doneAheadPayload(progress: Progress): Payload {
  const place = Buffer.alloc(PLACE_BYTES);
  writePlace(place, 0, progress);
  return bytesPayload(Buffer.concat([place, progress.doneAhead.encode()]));
}

export function decodeDoneAhead(source: Buffer): Place & { offsets: Iterable<number> } {
  const place = readPlace(source, PLACE_BYTES + U48);
  return { ...place, offsets: OffsetSet.decode(source.subarray(PLACE_BYTES)) };
}

/** A group begins anew in a topic: group id u48 · topic id u48. */
export function forgottenPayload(groupId: number, topicId: number): Payload {
  const bytes = Buffer.alloc(2 * U48);
  bytes.writeUIntBE(groupId, 0, U48);
  bytes.writeUIntBE(topicId, U48, U48);
  return bytesPayload(bytes);
}

export function decodeForgotten(source: Buffer): { groupId: number; topicId: number } {
  if (source.length < 2 * U48) throw tooShort();
  return { groupId: source.readUIntBE(0, U48), topicId: source.readUIntBE(U48, U48) };
}

/** A message of a group as a property of its dead letter names it. */
export function placeText({ groupId, topicId, queueId }: Place, offset: number): string {
  return [groupId, topicId, queueId, offset].join('/');
}

/** Undefined when it names none. */
export function readPlaceText(text: string): (Place & { offset: number }) | undefined {
  const numbers = text.split('/').map(Number);
  if (numbers.length !== 4 || !numbers.every(Number.isSafeInteger)) return undefined;
  const [groupId = 0, topicId = 0, queueId = 0, offset = 0] = numbers;
  return { groupId, topicId, queueId, offset };
}
