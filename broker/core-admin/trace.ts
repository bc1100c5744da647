/** The life of a message, read from the log (docs/decisions/0031). */
import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { TRACE } from '#lib/limits';
import type { StoredMessage } from '#proto/message';
import { deadLetterTopic, isDeadLetterTopic } from '#proto/names';
import { PROPERTY, parseProperties, storedKeys } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';

import type {
  GroupTrace,
  MessageTrace,
  TraceClient,
  TraceEvent,
  TraceOutcome,
  TracePlace,
  TraceRequest,
} from '#broker/admin/message-trace';
import type { Caller } from '#broker/store/members';
import type { Core } from '#broker/core';
import { RECORD_TYPE } from '#broker/store/record';
import type { Topic } from '#broker/topic/topics';
import { clientTrace } from '#broker/core-admin/client-trace';
import { GroupLife } from '#broker/core-admin/group-life';
import type { LifeEvent } from '#broker/core-admin/group-life';
import { messageAt, messagesWithId } from '#broker/core-admin/stored-message';
import { MemberNames, recordsOf } from '#broker/core-admin/trace-records';
import type { LifeRecord } from '#broker/core-admin/trace-records';

interface Found {
  readonly topic: Topic;
  /** Newest first; the first is the one that is meant. */
  readonly messages: readonly [StoredMessage, ...StoredMessage[]];
}

interface Traced {
  readonly core: Core;
  readonly topic: Topic;
  readonly message: StoredMessage;
  readonly properties: StoredProperties;
  readonly names: MemberNames;
}

/** @throws SluiceError TOPIC_NOT_FOUND, MESSAGE_NOT_FOUND, BAD_REQUEST */
export async function messageTrace(
  core: Core,
  clock: Clock,
  request: TraceRequest,
): Promise<MessageTrace> {
  const { topic, messages } = await find(core, request);
  const [message, ...others] = messages;
  const properties = parseProperties(message.properties);
  const traced = { core, topic, message, properties, names: new MemberNames(core.store) };
  const { queueId, queueOffset } = message;
  const place = { topicId: topic.id, queueId };
  const { records, complete } = await recordsOf(core.store, place, queueOffset);
  const happened: { group: string; event: LifeEvent }[] = [];
  const groups: GroupTrace[] = [];
  for (const [groupId, its] of recordsByGroup(traced, records)) {
    const life = new GroupLife(its, queueOffset, clock.nowMs());
    const group = core.groups.byId(groupId)?.name ?? `(deleted group ${groupId})`;
    for (const event of life.events) happened.push({ group, event });
    groups.push(toGroup(traced, group, groupId, life));
  }
  happened.sort((one, other) => inOrder(one.event, other.event));
  // Its producer's clock may be another: what it says comes first all the same.
  const events = await beginning(traced);
  for (const { group, event } of happened) events.push(await toEvent(traced, group, event));
  const originTopic = properties.get(PROPERTY.deadLetterTopic);
  return {
    messageId: idOf(properties),
    place: placeOf(message),
    tag: properties.get(PROPERTY.tag),
    keys: storedKeys(properties).map(String),
    origin: originTopic === undefined ? undefined : originOf(originTopic, properties),
    broker: message.storeHost.toString(),
    events,
    groups: groups.sort((one, other) => compareText(one.group, other.group)),
    clientEvents: await clientTrace(core, idOf(properties)),
    others: others.map(placeOf),
    complete,
  };
}

function inOrder(one: LifeEvent, other: LifeEvent): number {
  return one.atMs - other.atMs || Math.sign(one.position - other.position) || 0;
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function placeOf({ topic, queueId: queue, queueOffset: offset }: StoredMessage): TracePlace {
  return { topic, queue, offset };
}

function idOf(properties: StoredProperties): string {
  return properties.get(PROPERTY.messageId) ?? '';
}

function originOf(topic: string, properties: StoredProperties): MessageTrace['origin'] {
  return { topic, messageId: properties.get(PROPERTY.deadLetterMessageId) ?? '' };
}

async function find(core: Core, { topic: name, message }: TraceRequest): Promise<Found> {
  if ('id' in message) {
    const topics = name === undefined ? allTopics(core) : [core.topics.get(name)];
    for (const topic of topics) {
      const found: StoredMessage[] = [];
      for await (const each of messagesWithId(core, topic, message.id)) found.push(each);
      const [newest, ...others] = found;
      if (newest) return { topic, messages: [newest, ...others] };
    }
    const where = name ?? 'this broker';
    throw new SluiceError(
      'MESSAGE_NOT_FOUND',
      `${where} has no message ${message.id}; it may be too old, or still wait for its time`,
    );
  }
  if (name === undefined)
    throw new SluiceError('BAD_REQUEST', 'a place is one in a topic: name it');
  const topic = core.topics.get(name);
  return { topic, messages: [await messageAt(core, topic, message.queue, message.offset)] };
}

/** Dead letters have the ids of what they are copies of: they come last. */
function allTopics({ topics }: Core): Topic[] {
  if (topics.count > TRACE.topicsMax) {
    throw new SluiceError(
      'BAD_REQUEST',
      `there are ${topics.count} topics, and ${TRACE.topicsMax} at most are searched: name one`,
    );
  }
  const isCopy = ({ name }: Topic): number => Number(isDeadLetterTopic(name));
  return [...topics.all].sort((one, other) => isCopy(one) - isCopy(other));
}

/** Of all groups that have something to do with the message, or with its topic. */
function recordsByGroup(
  { core, topic }: Traced,
  records: readonly LifeRecord[],
): Map<number, LifeRecord[]> {
  const byGroup = new Map<number, LifeRecord[]>();
  for (const groupId of core.consumption.progress.groupsOf(topic.id)) byGroup.set(groupId, []);
  for (const record of records) {
    const its = byGroup.get(record.groupId);
    if (its) its.push(record);
    else byGroup.set(record.groupId, [record]);
  }
  return byGroup;
}

const NOTHING = {
  group: undefined,
  attempt: undefined,
  untilMs: undefined,
  tookMs: undefined,
  times: 1,
  by: undefined,
  copy: undefined,
} as const;

/** Until it was in its queue. */
async function beginning(traced: Traced): Promise<TraceEvent[]> {
  const { message, properties, names } = traced;
  const address = properties.get(PROPERTY.bornHost) ?? message.bornHost.toString();
  const sender = toClient(await names.find(Number(properties.get(PROPERTY.sender))));
  const by: TraceClient = sender ?? { clientId: '', address, language: '' };
  const { bornTimeMs, storeTimeMs } = message;
  const held = await heldBack(traced);
  const tookMs = storeTimeMs - (held?.untilMs ?? held?.atMs ?? bornTimeMs);
  return [
    { ...NOTHING, kind: 'sent', atMs: bornTimeMs, by },
    ...(held ? [held] : []),
    { ...NOTHING, kind: 'stored', atMs: storeTimeMs, tookMs },
  ];
}

/** What was stored before, where nobody could see it; undefined when retention took that. */
async function heldBack({ core, message, properties }: Traced): Promise<TraceEvent | undefined> {
  const scheduled = Number(properties.get(PROPERTY.scheduledPosition) ?? NaN);
  const kind = Number.isNaN(scheduled) ? 'prepared' : 'scheduled';
  const position = kind === 'scheduled' ? scheduled : message.preparedOffset;
  const { start, committed } = core.store.status;
  if (position <= start || position >= committed) return undefined;
  const { type, timestampMs: atMs } = await core.store.reader.readAt(position);
  if (kind === 'prepared') {
    return type === RECORD_TYPE.half ? { ...NOTHING, kind, atMs } : undefined;
  }
  if (type !== RECORD_TYPE.scheduled) return undefined;
  return { ...NOTHING, kind, atMs, untilMs: Number(properties.get(PROPERTY.deliverAt)) };
}

async function toEvent(traced: Traced, group: string, event: LifeEvent): Promise<TraceEvent> {
  const { kind, atMs, attempt, untilMs, tookMs, times, member, position } = event;
  const by = toClient(await traced.names.find(member));
  const isCopied = kind === 'dead-lettered';
  const copy = isCopied ? await deadLetterOf(traced, group, position) : undefined;
  return { kind, atMs, group, attempt, untilMs, tookMs, times, by, copy };
}

function toClient(caller: Caller | undefined): TraceClient | undefined {
  return caller && { clientId: caller.clientId, address: caller.peer, language: caller.language };
}

/** The copy lies before the record that says so, and behind the copies of before. */
async function deadLetterOf(
  { core, properties }: Traced,
  group: string,
  position: number,
): Promise<TracePlace | undefined> {
  const topic = core.topics.find(deadLetterTopic(group));
  if (!topic) return undefined;
  for await (const copy of messagesWithId(core, topic, idOf(properties))) {
    if (copy.position < position) return placeOf(copy);
  }
  return undefined;
}

function toGroup(traced: Traced, group: string, groupId: number, life: GroupLife): GroupTrace {
  const { attempts, endMs } = life;
  const outcome = life.events.length === 0 ? withoutEvents(traced, groupId, life) : life.outcome;
  const tookMs = endMs === undefined ? undefined : endMs - traced.message.storeTimeMs;
  return { group, outcome, attempts, tookMs };
}

/** Nobody ever got it: the group has not come so far, or has gone past it. */
function withoutEvents(
  { core, topic, message }: Traced,
  groupId: number,
  { outcome }: GroupLife,
): TraceOutcome {
  const { queueId, queueOffset } = message;
  const progress = core.consumption.progress.find(groupId, topic.id, queueId);
  if (!progress?.isTaken(queueOffset)) return outcome;
  return progress.lease(queueOffset) ? 'in-progress' : 'passed-over';
}
