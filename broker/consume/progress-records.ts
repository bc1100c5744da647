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
const U48 = 6;
/** Behind the place and the next offset. */
const LEASES_FROM = PLACE_BYTES + U48;
/** At the end of a whole progress: the group is still to be told of a reset. */
const UNTOLD = 1;
const UNTOLD_BYTES = 1;
const ATTEMPT_MAX = 0xffff;

export interface Place {
  groupId: number;
  topicId: number;
  queueId: number;
}

function writePlace(target: Buffer, at: number, { groupId, topicId, queueId }: Place): void {
  writeU48BE(target, groupId, at);
  writeU48BE(target, topicId, at + 6);
  writeU16BE(target, queueId, at + 12);
}

function tooShort(): SluiceError {
  return new SluiceError('INTERNAL_ERROR', 'a progress record is too short');
}

function readPlace(source: Buffer): Place {
  if (source.length < PLACE_BYTES + U48) {
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
 * place · next offset u48 · leases. A reset is the same without leases.
 */
export class LeasesPayload implements Payload {
  readonly #place: Place;
  readonly #next: number;
  readonly #leases: LeaseEntry[];
  readonly #resetUntold: boolean;
  readonly bytes: number;

  constructor(place: Place, next: number, leases: LeaseEntry[], resetUntold = false) {
    this.#place = place;
    this.#next = next;
    this.#leases = leases;
    this.#resetUntold = resetUntold;
    const lastBytes = resetUntold ? UNTOLD_BYTES : 0;
    this.bytes = LEASES_FROM + leases.length * LEASE_BYTES + lastBytes;
  }

  write(target: Buffer, at: number): void {
    writePlace(target, at, this.#place);
    writeU48BE(target, this.#next, at + PLACE_BYTES);
    let entryAt = at + LEASES_FROM;
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
export function progressPayload(progress: Progress): LeasesPayload {
  return new LeasesPayload(progress, progress.next, [...progress.leases], progress.resetUntold);
}

/** Whether the payload of a whole progress says that the group is still to be told of a reset. */
export function isResetUntold(source: Buffer): boolean {
  return (source.length - LEASES_FROM) % LEASE_BYTES === UNTOLD_BYTES;
}

export function decodeLeases(source: Buffer): Place & { next: number; leases: LeaseEntry[] } {
  const place = readPlace(source);
  const next = source.readUIntBE(PLACE_BYTES, U48);
  const leases: LeaseEntry[] = [];
  for (let at = LEASES_FROM; at + LEASE_BYTES <= source.length; at += LEASE_BYTES) {
    leases.push({
      offset: source.readUIntBE(at, U48),
      deadlineMs: source.readUIntBE(at + 6, U48),
      attempt: source.readUInt16BE(at + 12),
      sequence: source.readUInt32BE(at + 14),
    });
  }
  return { ...place, next, leases };
}

/** Messages that are done with: place · offsets u48. */
export class AcksPayload implements Payload {
  readonly #place: Place;
  readonly #offsets: number[];
  readonly bytes: number;

  constructor(place: Place, offsets: number[]) {
    this.#place = place;
    this.#offsets = offsets;
    this.bytes = PLACE_BYTES + offsets.length * U48;
  }

  write(target: Buffer, at: number): void {
    writePlace(target, at, this.#place);
    let offsetAt = at + PLACE_BYTES;
    for (const offset of this.#offsets) {
      writeU48BE(target, offset, offsetAt);
      offsetAt += U48;
    }
  }
}

export function decodeAcks(source: Buffer): Place & { offsets: number[] } {
  const place = readPlace(source);
  const offsets: number[] = [];
  for (let at = PLACE_BYTES; at + U48 <= source.length; at += U48) {
    offsets.push(source.readUIntBE(at, U48));
  }
  return { ...place, offsets };
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
  return { ...readPlace(source), offsets: OffsetSet.decode(source.subarray(PLACE_BYTES)) };
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
