/** The consumer groups of this broker: definitions that live in the log. */
import { SluiceError } from '#lib/errors';
import { CONSUME, TOPIC } from '#lib/limits';
import { assertGroupName, splitName } from '#proto/names';

import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import { put } from '#broker/store/index-database';
import { groupKey, tableRange } from '#broker/store/index-keys';
import { RECORD_TYPE, bytesPayload } from '#broker/store/record';
import type { LogRecord, Payload, RecordType } from '#broker/store/record';
import type { Store } from '#broker/store/store';

export interface GroupDefinition {
  /** The log position of its first definition: never another group's, not even of the same name. */
  id: number;
  /** With its namespace: `{namespace}%{name}`. */
  name: string;
  ordered: boolean;
  /** Retries after the first delivery; then the message goes to the dead-letter topic. */
  retryMaxTimes: number;
  /** The wait before each retry, in ms; the last one repeats. */
  backoffMs: readonly number[];
  /** Its members may be pull consumers too. */
  pullAllowed: boolean;
  /** Every member gets everything: each pulls, and has a position of its own. For good. */
  broadcast: boolean;
  createdMs: number;
}

/** A definition as a record: those from before there was a choice lack what has a default. */
type GroupRecord = Omit<GroupDefinition, keyof typeof DEFAULTS> & Partial<typeof DEFAULTS>;

const DEFAULTS: Pick<GroupDefinition, 'backoffMs' | 'pullAllowed' | 'broadcast'> = {
  backoffMs: CONSUME.backoffMs,
  pullAllowed: true,
  broadcast: false,
};

/** What an operator says of a group. */
export type GroupOptions = Partial<
  Pick<GroupDefinition, 'ordered' | 'retryMaxTimes' | 'backoffMs' | 'pullAllowed' | 'broadcast'>
>;

export type Group = Readonly<GroupDefinition>;

/** The wait before the retry that follows an attempt. */
export function backoffOf({ backoffMs }: Group, attempt: number): number {
  return backoffMs[Math.min(attempt, backoffMs.length) - 1] ?? 0;
}

/** Pull consumers may be members of the group. @throws SluiceError FORBIDDEN */
export function assertPullAllowed({ name, pullAllowed, broadcast }: Group): void {
  if (pullAllowed || broadcast) return;
  throw new SluiceError(
    'FORBIDDEN',
    `the group ${name} does not allow pull consumers; use a push or a simple consumer`,
  );
}

/** The members share the messages. @throws SluiceError FORBIDDEN */
export function assertShared({ name, broadcast }: Group): void {
  if (!broadcast) return;
  throw new SluiceError(
    'FORBIDDEN',
    `${name} is a broadcast group: its members pull, nothing is handed out with a lease; ` +
      'use PullMessage, or a group that is not broadcast',
  );
}

export class Groups {
  readonly #store: Store;
  readonly #byName = new Map<string, Group>();
  readonly #byId = new Map<number, Group>();
  #changed = new Map<number, Group | null>();
  /** A group was created, changed or deleted. */
  onChange: () => void = () => undefined;
  onDelete: (group: Group) => void = () => undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  get all(): Iterable<Group> {
    return this.#byName.values();
  }

  get count(): number {
    return this.#byName.size;
  }

  find(name: string): Group | undefined {
    return this.#byName.get(name);
  }

  byId(id: number): Group | undefined {
    return this.#byId.get(id);
  }

  /** @throws SluiceError CONSUMER_GROUP_NOT_FOUND */
  get(name: string): Group {
    const group = this.#byName.get(name);
    if (!group) throw new SluiceError('CONSUMER_GROUP_NOT_FOUND', `there is no group ${name}`);
    return group;
  }

  /**
   * Resolves when the group is stored.
   * @throws SluiceError ILLEGAL_CONSUMER_GROUP, ALREADY_EXISTS, BAD_REQUEST
   */
  async create(name: string, options: GroupOptions = {}): Promise<Group> {
    assertGroupName(splitName(name));
    if (this.#byName.has(name)) {
      throw new SluiceError('ALREADY_EXISTS', `the group ${name} exists already`);
    }
    if (this.#byName.size >= TOPIC.groupsMax) {
      throw new SluiceError('BAD_REQUEST', `a broker has at most ${TOPIC.groupsMax} groups`);
    }
    const id = this.#store.end;
    const createdMs = this.#store.nowMs();
    const preset = { ordered: false, retryMaxTimes: CONSUME.retriesDefault, ...DEFAULTS };
    return this.#define({ id, name, ...preset, ...options, createdMs });
  }

  /** @throws SluiceError CONSUMER_GROUP_NOT_FOUND, BAD_REQUEST */
  async update(name: string, change: GroupOptions): Promise<Group> {
    const group = this.get(name);
    const { broadcast = group.broadcast } = change;
    if (broadcast !== group.broadcast) {
      throw new SluiceError(
        'BAD_REQUEST',
        `${name} is ${group.broadcast ? 'a' : 'no'} broadcast group for good; make another one`,
      );
    }
    return this.#define({ ...group, ...change });
  }

  /** Deletes a group with its progress. @throws SluiceError CONSUMER_GROUP_NOT_FOUND */
  async delete(name: string): Promise<void> {
    const { id } = this.get(name);
    const payload = bytesPayload(Buffer.from(JSON.stringify({ id })));
    const { end } = this.#store.append(RECORD_TYPE.groupDeleted, payload);
    this.#remove(id);
    await this.#store.whenCommitted(end);
  }

  async #define(group: Group): Promise<Group> {
    assertRetries(group.retryMaxTimes);
    assertBackoff(group.backoffMs);
    assertOneOrder(group);
    const payload = bytesPayload(Buffer.from(JSON.stringify(group)));
    const { end } = this.#store.append(RECORD_TYPE.group, payload);
    this.#put(group);
    await this.#store.whenCommitted(end);
    return group;
  }

  #put(group: Group): void {
    this.#byId.set(group.id, group);
    this.#byName.set(group.name, group);
    this.#changed.set(group.id, group);
    this.onChange();
  }

  #remove(id: number): void {
    const group = this.#byId.get(id);
    if (!group) return;
    this.#byId.delete(id);
    this.#byName.delete(group.name);
    this.#changed.set(id, null);
    this.onDelete(group);
    this.onChange();
  }

  async load(database: IndexDatabase): Promise<void> {
    this.#byId.clear();
    this.#byName.clear();
    for (const [, value] of await database.entries(tableRange('group'))) {
      this.#put({ ...DEFAULTS, ...(JSON.parse(value.toString()) as GroupRecord) });
    }
    this.#changed.clear();
  }

  apply({ type, payload }: LogRecord): void {
    const group = JSON.parse(payload.toString()) as GroupRecord;
    if (type === RECORD_TYPE.group) this.#put({ ...DEFAULTS, ...group });
    else this.#remove(group.id);
  }

  collect(changes: IndexChange[]): void {
    for (const [id, group] of this.#changed) {
      if (group) changes.push(put(groupKey(id), Buffer.from(JSON.stringify(group))));
      else changes.push({ type: 'del', key: groupKey(id) });
    }
    this.#changed = new Map();
  }

  carry(append: (type: RecordType, payload: Payload) => void): void {
    for (const group of this.#byName.values()) {
      append(RECORD_TYPE.group, bytesPayload(Buffer.from(JSON.stringify(group))));
    }
  }
}

function assertRetries(retryMaxTimes: number): void {
  const { retriesMax } = CONSUME;
  if (Number.isInteger(retryMaxTimes) && retryMaxTimes >= 0 && retryMaxTimes <= retriesMax) return;
  throw new SluiceError('BAD_REQUEST', `a group retries 0 to ${retriesMax} times`);
}

function assertOneOrder({ ordered, broadcast }: Group): void {
  if (!ordered || !broadcast) return;
  throw new SluiceError(
    'BAD_REQUEST',
    'a broadcast group is not ordered: each member reads each queue in its order anyway',
  );
}

function assertBackoff(backoffMs: readonly number[]): void {
  const { backoffsMax, invisibleMaxMs } = CONSUME;
  if (backoffMs.length < 1 || backoffMs.length > backoffsMax) {
    throw new SluiceError('BAD_REQUEST', `a group has 1 to ${backoffsMax} waits before retries`);
  }
  const wrong = backoffMs.find((ms) => !Number.isInteger(ms) || ms < 1 || ms > invisibleMaxMs);
  if (wrong === undefined) return;
  throw new SluiceError(
    'BAD_REQUEST',
    `the wait before a retry is 1 to ${invisibleMaxMs} ms, not ${wrong}`,
  );
}
