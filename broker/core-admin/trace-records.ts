/** What the log says of one message behind the message itself. */
import { TRACE } from '#lib/limits';

import { decodeMember } from '#broker/store/members';
import type { Caller } from '#broker/store/members';
import { CAUSE, decodeAcks, decodeLeases } from '#broker/consume/progress-records';
import type { Cause, Place } from '#broker/consume/progress-records';
import type { LeaseEntry } from '#broker/consume/progress';
import { RECORD_TYPE } from '#broker/store/record';
import type { LogRecord } from '#broker/store/record';
import type { Store } from '#broker/store/store';
import type { QueuePlace } from '#broker/store/trace-index';

export interface LifeRecord {
  readonly position: number;
  readonly atMs: number;
  readonly groupId: number;
  readonly cause: Cause;
  /** Position of a member record; see broker/store/members.ts. */
  readonly member: number;
  /** The lease that the message had from then on; undefined when it was done with. */
  readonly lease: LeaseEntry | undefined;
  /** Of a record about all of a group's progress: where it goes on. */
  readonly next?: number;
}

export interface LifeRecords {
  /** In the order of the log. */
  readonly records: readonly LifeRecord[];
  /** False: there are more. */
  readonly complete: boolean;
}

/** @throws DamageError, IndexDamageError */
export async function recordsOf(
  store: Store,
  queue: QueuePlace,
  offset: number,
): Promise<LifeRecords> {
  const { traces } = store.queues;
  const { recordsMax, groupsMax } = TRACE;
  const positions = await traces.find(queue, offset, recordsMax + 1);
  const records: LifeRecord[] = [];
  for (const position of positions.slice(0, recordsMax)) {
    if (position >= store.committed) break; // not stored yet
    const record = lifeRecord(await store.reader.readAt(position), queue, offset);
    if (record) records.push(record);
  }
  for (const { groupId, position } of await traces.findCommits(queue, offset, groupsMax)) {
    if (position >= store.committed) continue;
    const { timestampMs: atMs, payload } = await store.reader.readAt(position);
    const { cause, member, next } = decodeLeases(payload);
    records.push({ position, atMs, groupId, cause, member, lease: undefined, next });
  }
  records.sort((one, other) => one.position - other.position);
  return { records, complete: positions.length <= recordsMax };
}

/** Undefined when the record is about others only: the index knows spans of offsets. */
function lifeRecord(
  { type, position, timestampMs: atMs, payload }: LogRecord,
  queue: QueuePlace,
  offset: number,
): LifeRecord | undefined {
  if (type === RECORD_TYPE.ack) {
    const acks = decodeAcks(payload);
    if (!isIn(acks, queue) || !acks.offsets.includes(offset)) return undefined;
    const { groupId, cause, member } = acks;
    return { position, atMs, groupId, cause, member, lease: undefined };
  }
  if (type !== RECORD_TYPE.lease && type !== RECORD_TYPE.progress) return undefined;
  const granted = decodeLeases(payload);
  const lease = granted.leases.find((entry) => entry.offset === offset);
  if (!isIn(granted, queue) || !lease) return undefined;
  const { groupId, member } = granted;
  const cause = type === RECORD_TYPE.progress ? CAUSE.caughtUp : granted.cause;
  return { position, atMs, groupId, cause, member, lease };
}

function isIn(place: Place, { topicId, queueId }: QueuePlace): boolean {
  return place.topicId === topicId && place.queueId === queueId;
}

/** Says who is meant by members' positions; reads each of them once. */
export class MemberNames {
  readonly #store: Store;
  readonly #known = new Map<number, Caller | undefined>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Undefined for nobody, and for somebody whom retention has taken. */
  async find(position: number): Promise<Caller | undefined> {
    const { start, committed } = this.#store.status;
    const isThere = position > start && position < committed; // not NaN either
    if (!isThere) return undefined;
    if (this.#known.has(position)) return this.#known.get(position);
    const { type, payload } = await this.#store.reader.readAt(position);
    const member = type === RECORD_TYPE.member ? decodeMember(payload) : undefined;
    this.#known.set(position, member);
    return member;
  }
}
