/**
 * The progress of every group in every queue: found, changed through the log, and restored from it.
 */
import { CONSUME } from '#lib/limits';

import { SluiceError } from '#lib/errors';

import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import type { Caller, Members } from '#broker/store/members';
import { put } from '#broker/store/index-database';
import { doneAheadKey, progressKey, tableRange } from '#broker/store/index-keys';
import { RECORD_TYPE } from '#broker/store/record';
import type { LogRecord, Payload, RecordType } from '#broker/store/record';
import type { Store } from '#broker/store/store';
import type { Group, Groups } from '#broker/topic/groups';
import type { Topic, Topics } from '#broker/topic/topics';
import { Progress } from '#broker/consume/progress';
import type { Lease, LeaseEntry } from '#broker/consume/progress';
import {
  AcksPayload,
  CAUSE,
  LeasesPayload,
  decodeAcks,
  decodeDoneAhead,
  decodeForgotten,
  decodeLeases,
  doneAheadPayload,
  forgottenPayload,
  isResetUntold,
  progressPayload,
  readPlaceText,
} from '#broker/consume/progress-records';
import type { Cause, Place } from '#broker/consume/progress-records';

/** A lease's sequence is a u32: as much room again for the changes of one lease. */
const SEQUENCE_START_MAX = 2 ** 31;

/** Progress of one group, by topic id and queue id. */
type GroupProgress = Map<number, Progress[]>;

export class ProgressTable {
  readonly #store: Store;
  readonly #topics: Topics;
  readonly #groupList: Groups;
  readonly #members: Members;
  readonly #groups = new Map<number, GroupProgress>();
  #dirty = new Set<Progress>();
  /** Progress of which the log lacks leases, since it took nothing when they were granted. */
  readonly #unrecorded = new Set<Progress>();
  #gone: Progress[] = [];
  /** Progress of which the index has what is done above the next offset. */
  readonly #ahead = new Set<Progress>();
  /** A lease was granted or restored: somebody must watch its deadline. */
  onLease: (lease: Lease) => void = () => undefined;
  /** A queue had as many outstanding messages as it may, and has fewer now. */
  onRoom: (progress: Progress) => void = () => undefined;

  constructor(store: Store, topics: Topics, groups: Groups, members: Members) {
    this.#store = store;
    this.#topics = topics;
    this.#groupList = groups;
    this.#members = members;
  }

  find(groupId: number, topicId: number, queueId: number): Progress | undefined {
    return this.#groups.get(groupId)?.get(topicId)?.[queueId];
  }

  /** A group that is new to a queue begins at its first message: nothing sent before is missed. */
  get(group: Group, topic: Topic, queueId: number): Progress {
    const place = { groupId: group.id, topicId: topic.id, queueId };
    return this.#at(place, topic.queues[queueId]?.minOffset ?? 0);
  }

  #at({ groupId, topicId, queueId }: Place, start: number): Progress {
    let topics = this.#groups.get(groupId);
    if (!topics) this.#groups.set(groupId, (topics = new Map()));
    let queues = topics.get(topicId);
    if (!queues) topics.set(topicId, (queues = []));
    return (queues[queueId] ??= new Progress(groupId, topicId, queueId, start));
  }

  /** The log has it, or is to have it once it takes something; so has the index. */
  #touch(progress: Progress): void {
    progress.recorded = true;
    this.#dirty.add(progress);
  }

  /** All progress of a group, by topic. */
  of(groupId: number): ReadonlyMap<number, readonly Progress[]> {
    return this.#groups.get(groupId) ?? new Map<number, Progress[]>();
  }

  /** Groups that have progress in a topic. */
  *groupsOf(topicId: number): Iterable<number> {
    for (const [groupId, topics] of this.#groups) if (topics.has(topicId)) yield groupId;
  }

  /**
   * Puts granted leases into the log and returns the position behind which they are stored. While
   * the log takes nothing, reads go on all the same: a lost lease only means another delivery. The
   * next record of this progress makes up for it, since what it says builds on these leases.
   */
  recordLeases(progress: Progress, leases: LeaseEntry[], cause: Cause, caller?: Caller): number {
    if (progress.forgotten) return this.#store.committed; // meanwhile
    this.#touch(progress);
    try {
      const caughtUp = this.#catchUp(progress);
      if (caughtUp !== undefined) return caughtUp;
      const why = { cause, member: this.#members.positionOf(caller) };
      const payload = new LeasesPayload(progress, progress.next, leases, why);
      const { position, end } = this.#store.append(RECORD_TYPE.lease, payload);
      this.#trace(progress, leases, position);
      return end;
    } catch (error) {
      if (!(error instanceof SluiceError && error.retryable)) throw error;
      this.#unrecorded.add(progress);
      return this.#store.committed;
    }
  }

  /** Puts all of a progress into the log if that lacks some of it; returns the position behind. */
  #catchUp(progress: Progress): number | undefined {
    if (!this.#unrecorded.has(progress)) return undefined;
    const payload = progressPayload(progress, CAUSE.caughtUp);
    const { position, end } = this.#store.append(RECORD_TYPE.progress, payload);
    this.#trace(progress, progress.leases, position);
    this.#unrecorded.delete(progress);
    return end;
  }

  /** Lets the record at `position` be found by the messages that it is about. */
  #trace(place: Place, leases: Iterable<{ offset: number }>, position: number): void {
    const { traces } = this.#store.queues;
    for (const { offset } of leases) traces.add(place, offset, position);
  }

  /** Marks messages as done; returns the log position behind which that is stored. */
  recordAcks(
    progress: Progress,
    offsets: number[],
    cause: Cause = CAUSE.acknowledged,
    caller?: Caller,
  ): number {
    if (progress.forgotten) return this.#store.committed; // meanwhile
    this.#catchUp(progress);
    const why = { cause, member: this.#members.positionOf(caller) };
    const payload = new AcksPayload(progress, offsets, why);
    const { position, end } = this.#store.append(RECORD_TYPE.ack, payload);
    for (const offset of offsets) this.#store.queues.traces.add(progress, offset, position);
    const wasFull = progress.outstandingCount >= CONSUME.outstandingPerQueueMax;
    for (const offset of offsets) progress.settle(offset);
    this.#dirty.add(progress);
    if (wasFull || progress.listener?.ready) this.onRoom(progress);
    return end;
  }

  /**
   * Marks a message as done that nobody is to get. While the log takes nothing, reads go on all the
   * same: what is forgotten then is found out again.
   */
  drop(progress: Progress, offset: number): void {
    this.pass(progress, [offset]);
  }

  /** As `drop`, for several. */
  pass(progress: Progress, offsets: number[]): void {
    if (this.#store.writable) this.recordAcks(progress, offsets, CAUSE.passedOver);
    else for (const offset of offsets) progress.settle(offset);
    this.#dirty.add(progress);
  }

  /** Moves progress up to `offset` as a whole (pull consumers); returns the log position. */
  recordOffset(progress: Progress, offset: number, caller?: Caller): number {
    const ahead = [...progress.leases].filter((lease) => lease.offset >= offset);
    const next = Math.max(progress.next, offset);
    const why = { cause: CAUSE.committed, member: this.#members.positionOf(caller) };
    const payload = new LeasesPayload(progress, next, ahead, why);
    const { position, end } = this.#store.append(RECORD_TYPE.progress, payload);
    progress.resetUntold = false;
    const from = progress.committed;
    progress.settleBelow(offset);
    this.#traceCommit(progress, from, position);
    this.#touch(progress);
    return end;
  }

  /**
   * Sets a group to another offset of a queue, back or ahead; returns the log position. Its leases
   * are gone, so that what was handed out before can't be acknowledged any more.
   */
  recordReset(progress: Progress, next: number): number {
    const payload = new LeasesPayload(progress, next, [], { cause: CAUSE.reset, member: 0 });
    const { position, end } = this.#store.append(RECORD_TYPE.reset, payload);
    this.#reset(progress, next, position);
    return end;
  }

  #reset(progress: Progress, next: number, position: number): void {
    const { groupId, committed, next: before } = progress;
    progress.reset(next);
    this.#unrecorded.delete(progress);
    this.#touch(progress);
    const from = Math.min(committed, next);
    const to = Math.max(before, next);
    if (to <= from) return;
    this.#store.queues.traces.addCommit(progress, { groupId, from, to, position });
  }

  /** The number before that of a message's first lease: higher after each record of the log. */
  get sequence(): number {
    return this.#store.end % SEQUENCE_START_MAX;
  }

  #traceCommit(progress: Progress, from: number, position: number): void {
    const { groupId, committed: to } = progress;
    if (to <= from) return;
    this.#store.queues.traces.addCommit(progress, { groupId, from, to, position });
  }

  /** A group begins anew in a topic, as if it had never been there; returns the log position. */
  recordForgotten(groupId: number, topicId: number): number {
    const payload = forgottenPayload(groupId, topicId);
    const { end } = this.#store.append(RECORD_TYPE.progressForgotten, payload);
    this.#forgetIn(groupId, topicId);
    return end;
  }

  #forgetIn(groupId: number, topicId: number): void {
    const topics = this.#groups.get(groupId);
    this.#forget(topics?.get(topicId) ?? []);
    topics?.delete(topicId);
  }

  forgetGroup(groupId: number): void {
    for (const queues of this.#groups.get(groupId)?.values() ?? []) this.#forget(queues);
    this.#groups.delete(groupId);
  }

  forgetTopic(topicId: number): void {
    for (const topics of this.#groups.values()) {
      this.#forget(topics.get(topicId) ?? []);
      topics.delete(topicId);
    }
  }

  #forget(queues: Progress[]): void {
    for (const progress of queues) {
      if (!progress) continue; // a group need not have been in every queue
      for (const lease of progress.leases) lease.live = false;
      progress.forgotten = true;
      this.#dirty.delete(progress);
      this.#unrecorded.delete(progress);
      this.#gone.push(progress);
    }
  }

  async load(database: IndexDatabase): Promise<void> {
    for (const groupId of this.#groups.keys()) this.forgetGroup(groupId); // of a bad index
    for (const [, value] of await database.entries(tableRange('progress'))) this.#restore(value);
    for (const [, value] of await database.entries(tableRange('doneAhead'))) this.#settle(value);
    this.#dirty.clear();
    this.#gone = [];
  }

  /** Sets a progress to what a record says of all of it. */
  #restore(source: Buffer, position?: number): void {
    const { next, leases, cause, ...place } = decodeLeases(source);
    if (!this.#exists(place)) return;
    const progress = this.#at(place, next);
    const from = progress.committed;
    progress.advance(next);
    progress.resetUntold = isResetUntold(source);
    const stillOut = new Set(leases.map(({ offset }) => offset));
    for (const { offset } of progress.leases) if (!stillOut.has(offset)) progress.settle(offset);
    for (const entry of leases) this.onLease(progress.grant(entry));
    this.#touch(progress);
    if (position === undefined) return;
    if (cause === CAUSE.caughtUp) this.#trace(progress, leases, position);
    if (cause === CAUSE.committed) this.#traceCommit(progress, from, position);
  }

  #settle(source: Buffer): void {
    const { offsets, ...place } = decodeDoneAhead(source);
    if (!this.#exists(place)) return;
    const progress = this.#at(place, 0);
    for (const offset of offsets) progress.settle(offset);
    this.#ahead.add(progress);
    this.#touch(progress);
  }

  /** A group or topic may have been deleted while one of its messages was under way. */
  #exists({ groupId, topicId }: Place): boolean {
    return this.#topics.byId(topicId) !== undefined && this.#groupList.byId(groupId) !== undefined;
  }

  apply({ type, payload, position }: LogRecord): void {
    if (type === RECORD_TYPE.progress) return this.#restore(payload, position);
    if (type === RECORD_TYPE.doneAhead) return this.#settle(payload);
    if (type === RECORD_TYPE.reset) {
      const { next, ...place } = decodeLeases(payload);
      if (this.#exists(place)) this.#reset(this.#at(place, next), next, position);
      return;
    }
    if (type === RECORD_TYPE.progressForgotten) {
      const { groupId, topicId } = decodeForgotten(payload);
      return this.#forgetIn(groupId, topicId);
    }
    if (type === RECORD_TYPE.lease) {
      const { next, leases, ...place } = decodeLeases(payload);
      if (!this.#exists(place)) return;
      const progress = this.#at(place, 0);
      progress.advance(next);
      for (const entry of leases) this.onLease(progress.grant(entry));
      this.#trace(progress, leases, position);
      this.#touch(progress);
      return;
    }
    const { offsets, ...place } = decodeAcks(payload);
    const progress = this.find(place.groupId, place.topicId, place.queueId);
    if (!progress) return;
    for (const offset of offsets) {
      progress.settle(offset);
      this.#store.queues.traces.add(progress, offset, position);
    }
    this.#dirty.add(progress);
  }

  /** A dead letter was found in the log: what it is the copy of is done. */
  applyDeadLetter(of: string): void {
    const place = readPlaceText(of);
    if (!place) return;
    const progress = this.find(place.groupId, place.topicId, place.queueId);
    if (progress?.settle(place.offset)) this.#dirty.add(progress);
  }

  collect(changes: IndexChange[]): void {
    // First what is gone: the group may be back in the same queue already.
    for (const progress of this.#gone) {
      changes.push({ type: 'del', key: keyOf(progress) });
      if (this.#ahead.delete(progress)) changes.push({ type: 'del', key: aheadKeyOf(progress) });
    }
    for (const progress of this.#dirty) {
      if (progress.forgotten) continue; // something was still under way
      changes.push(put(keyOf(progress), bytesOf(progressPayload(progress))));
      this.#collectAhead(progress, changes);
    }
    this.#dirty = new Set();
    this.#gone = [];
  }

  #collectAhead(progress: Progress, changes: IndexChange[]): void {
    if (progress.doneAhead.size > 0) {
      this.#ahead.add(progress);
      changes.push(put(aheadKeyOf(progress), bytesOf(doneAheadPayload(progress))));
    } else if (this.#ahead.delete(progress)) {
      changes.push({ type: 'del', key: aheadKeyOf(progress) });
    }
  }

  carry(append: (type: RecordType, payload: Payload) => void): void {
    this.#members.forget(); // what follows in the log begins a segment
    for (const topics of this.#groups.values()) {
      for (const queues of topics.values()) {
        for (const progress of queues) {
          if (!progress) continue;
          append(RECORD_TYPE.progress, progressPayload(progress));
          if (progress.doneAhead.size === 0) continue;
          append(RECORD_TYPE.doneAhead, doneAheadPayload(progress));
        }
      }
    }
  }
}

function keyOf({ groupId, topicId, queueId }: Progress): Buffer {
  return progressKey(groupId, topicId, queueId);
}

function aheadKeyOf({ groupId, topicId, queueId }: Progress): Buffer {
  return doneAheadKey(groupId, topicId, queueId);
}

function bytesOf(payload: Payload): Buffer {
  const bytes = Buffer.alloc(payload.bytes);
  payload.write(bytes, 0, 0, 0);
  return bytes;
}
