/**
 * The members of broadcast groups that keep their positions here: found, changed through the log,
 * and restored from it. A member that was not heard of for as long as messages are kept is dropped,
 * since none of what it had not read is there any more.
 */
import { SluiceError } from '#lib/errors';
import { BROADCAST, NAME } from '#lib/limits';

import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import { put } from '#broker/store/index-database';
import { memberKey, tableRange } from '#broker/store/index-keys';
import { RECORD_TYPE } from '#broker/store/record';
import type { LogRecord, Payload, RecordType } from '#broker/store/record';
import type { Store } from '#broker/store/store';
import type { Group, Groups } from '#broker/topic/groups';
import type { Topics } from '#broker/topic/topics';
import { MemberPositionPayload, decodeMemberPosition } from '#broker/consume/member-records';
import type { MemberPosition } from '#broker/consume/member-records';

/** A member that has a position somewhere. */
export interface Member {
  /** Its client id. */
  readonly id: string;
  readonly seenMs: number;
  /** By topic id: the next offset of each queue; undefined where it never stored one. */
  readonly topics: ReadonlyMap<number, readonly (number | undefined)[]>;
}

interface KnownMember extends Member {
  seenMs: number;
  /** What the index knows of `seenMs`. */
  recordedMs: number;
  topics: Map<number, (number | undefined)[]>;
}

type Place = Omit<MemberPosition, 'offset' | 'seenMs'>;

export class MemberTable {
  readonly #store: Store;
  readonly #topics: Topics;
  readonly #groupList: Groups;
  /** How long a member may stay away. */
  readonly #keepMs: number;
  readonly #groups = new Map<number, Map<string, KnownMember>>();
  #positions = 0;
  #changed = new Map<string, Place>();

  constructor(store: Store, topics: Topics, groups: Groups, keepMs: number) {
    this.#store = store;
    this.#topics = topics;
    this.#groupList = groups;
    this.#keepMs = keepMs;
  }

  /** Positions of all members in all queues. */
  get positions(): number {
    return this.#positions;
  }

  *of(groupId: number): Iterable<Member> {
    for (const member of this.#groups.get(groupId)?.values() ?? []) {
      if (this.#isKept(member)) yield member;
    }
  }

  find({ groupId, topicId, queueId, member: id }: Place): number | undefined {
    const member = this.#groups.get(groupId)?.get(id);
    return member && this.#isKept(member) ? member.topics.get(topicId)?.[queueId] : undefined;
  }

  /** Not away for too long; who is goes when the next segment begins. */
  #isKept({ seenMs }: Member): boolean {
    return seenMs >= this.#store.nowMs() - this.#keepMs;
  }

  /** The member is there, whether it stores anything or not; the log learns of it by and by. */
  seen(groupId: number, member: string): void {
    const known = this.#groups.get(groupId)?.get(member);
    if (known && this.#isKept(known)) known.seenMs = this.#store.nowMs();
  }

  /**
   * Puts a position into the log; returns where it is stored.
   * @throws SluiceError FORBIDDEN when there are too many, INVALID_CLIENT_PROPERTIES
   */
  record(group: Group, place: Place, offset: number): number {
    this.#assertRoom(group, place);
    const position = { ...place, offset, seenMs: this.#store.nowMs() };
    const payload = new MemberPositionPayload(position);
    const { end } = this.#store.append(RECORD_TYPE.memberPosition, payload);
    this.#set(position);
    return end;
  }

  #assertRoom({ name }: Group, place: Place): void {
    const { clientIdBytesMax } = NAME;
    if (Buffer.byteLength(place.member) > clientIdBytesMax) {
      const limit = `a client id has at most ${clientIdBytesMax} bytes`;
      throw new SluiceError('INVALID_CLIENT_PROPERTIES', limit);
    }
    if (this.find(place) !== undefined) return;
    const { membersMax, positionsMax } = BROADCAST;
    const isFull = (): boolean => {
      const members = this.#groups.get(place.groupId);
      const isNew = members !== undefined && !members.has(place.member);
      return (isNew && members.size >= membersMax) || this.#positions >= positionsMax;
    };
    if (isFull()) this.#dropUnseen();
    if (!isFull()) return;
    const [what, max] =
      this.#positions >= positionsMax
        ? ['positions of members are kept by this broker', positionsMax]
        : [`members of ${name} keep their positions here`, membersMax];
    throw new SluiceError(
      'FORBIDDEN',
      `${max} ${what}, which is the limit; give members a client id that stays the same when ` +
        'they start again, or let them keep their positions themselves',
    );
  }

  #set({ groupId, topicId, queueId, member, offset, seenMs }: MemberPosition): void {
    let members = this.#groups.get(groupId);
    if (!members) this.#groups.set(groupId, (members = new Map<string, KnownMember>()));
    let known = members.get(member);
    if (!known) {
      known = { id: member, seenMs, recordedMs: seenMs, topics: new Map() };
      members.set(member, known);
    }
    known.seenMs = known.recordedMs = Math.max(known.seenMs, seenMs);
    let queues = known.topics.get(topicId);
    if (!queues) known.topics.set(topicId, (queues = []));
    if (queues[queueId] === undefined) this.#positions++;
    queues[queueId] = offset;
    this.#touch({ groupId, topicId, queueId, member });
  }

  #touch(place: Place): void {
    const { groupId, topicId, queueId, member } = place;
    this.#changed.set(`${groupId}/${topicId}/${queueId}/${member}`, place);
  }

  #dropUnseen(): void {
    for (const [groupId, members] of this.#groups) {
      for (const member of members.values()) {
        if (!this.#isKept(member)) this.#drop(groupId, members, member);
      }
    }
  }

  #drop(groupId: number, members: Map<string, KnownMember>, member: KnownMember): void {
    for (const topicId of member.topics.keys()) this.#dropTopic(groupId, member, topicId);
    members.delete(member.id);
  }

  #dropTopic(groupId: number, member: KnownMember, topicId: number): void {
    for (const [queueId, offset] of member.topics.get(topicId)?.entries() ?? []) {
      if (offset === undefined) continue;
      this.#positions--;
      this.#touch({ groupId, topicId, queueId, member: member.id });
    }
    member.topics.delete(topicId);
  }

  forgetGroup(groupId: number): void {
    const members = this.#groups.get(groupId);
    if (!members) return;
    for (const member of members.values()) this.#drop(groupId, members, member);
    this.#groups.delete(groupId);
  }

  forgetTopic(topicId: number): void {
    for (const [groupId, members] of this.#groups) {
      for (const member of members.values()) {
        this.#dropTopic(groupId, member, topicId);
        if (member.topics.size === 0) members.delete(member.id);
      }
    }
  }

  async load(database: IndexDatabase): Promise<void> {
    this.#groups.clear(); // of a bad index
    this.#positions = 0;
    for (const [, value] of await database.entries(tableRange('member'))) this.#restore(value);
    this.#changed.clear();
  }

  #restore(source: Buffer): void {
    const position = decodeMemberPosition(source);
    const exists =
      this.#groupList.byId(position.groupId) !== undefined &&
      this.#topics.byId(position.topicId)?.queues[position.queueId] !== undefined;
    if (exists) this.#set(position);
  }

  apply({ payload }: LogRecord): void {
    this.#restore(payload);
  }

  collect(changes: IndexChange[]): void {
    for (const place of this.#changed.values()) {
      const { groupId, topicId, queueId, member } = place;
      const key = memberKey(groupId, topicId, queueId, member);
      const known = this.#groups.get(groupId)?.get(member);
      const offset = known?.topics.get(topicId)?.[queueId];
      if (offset === undefined) changes.push({ type: 'del', key });
      else changes.push(put(key, valueOf({ ...place, offset, seenMs: known?.seenMs ?? 0 })));
    }
    this.#changed = new Map();
  }

  /** Also the moment to drop those who stay away, and to note when the others were heard of. */
  carry(append: (type: RecordType, payload: Payload) => void): void {
    this.#dropUnseen();
    for (const [groupId, members] of this.#groups) {
      for (const member of members.values()) {
        for (const position of positionsOf(groupId, member)) {
          append(RECORD_TYPE.memberPosition, new MemberPositionPayload(position));
          if (member.seenMs !== member.recordedMs) this.#touch(position);
        }
        member.recordedMs = member.seenMs;
      }
    }
  }
}

function* positionsOf(groupId: number, { id, seenMs, topics }: Member): Iterable<MemberPosition> {
  for (const [topicId, queues] of topics) {
    for (const [queueId, offset] of queues.entries()) {
      if (offset !== undefined) yield { groupId, topicId, queueId, offset, seenMs, member: id };
    }
  }
}

function valueOf(position: MemberPosition): Buffer {
  const payload = new MemberPositionPayload(position);
  const value = Buffer.alloc(payload.bytes);
  payload.write(value, 0);
  return value;
}
