/** A broker core on a directory of its own, and the few things that tests do with it. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { Core } from '#broker/core';
import type { CoreOptions } from '#broker/core';
import type { Caller } from '#broker/store/members';
import { UNMETERED } from '#broker/consume/meter';
import type { Meter } from '#broker/consume/meter';
import { SqlFilter } from '#broker/consume/filter-sql';
import { TagFilter } from '#broker/consume/filter-tag';
import { ANY_QUEUE } from '#broker/consume/polls';
import type { Delivery, Receiver } from '#broker/consume/pop';
import { nodeFiles } from '#broker/store/files';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { systemClock } from '#lib/clock';
import { createLog } from '#lib/log';
import { STORE } from '#lib/limits';
import { PROPERTY, addProperty, tagHash } from '#proto/properties';
import { Text } from '#proto/text';

export const silentLog = createLog({ level: 'silent', format: 'json' });

/** Somebody who waits to the end. */
export const patient: Receiver = { cancelled: false, onCancel: () => undefined };

export async function temporaryDirectory(): Promise<string> {
  return fs.mkdtemp(path.join(os.tmpdir(), 'sluice-test-'));
}

function coreOptions(directory: string, overrides: Partial<CoreOptions> = {}): CoreOptions {
  return {
    directory,
    durability: 'sync',
    retentionMs: STORE.retentionMs,
    diskWatermark: 1,
    diskReserveBytes: 0,
    segmentBytes: STORE.segmentBytes,
    host: '127.0.0.1',
    port: 8081,
    clock: systemClock,
    files: nodeFiles,
    log: silentLog,
    ...overrides,
  };
}

export async function openCore(
  directory: string,
  overrides: Partial<CoreOptions> = {},
): Promise<Core> {
  return (await Core.open(coreOptions(directory, overrides))).core;
}

export interface TestMessage {
  id: string;
  body?: string | Buffer;
  tag?: string;
  keys?: string[];
  properties?: Readonly<Record<string, string>>;
  queueId?: number;
  messageGroup?: string;
}

/** Appends a message; resolves when it is stored. */
export async function send(core: Core, topic: Topic, message: TestMessage): Promise<number> {
  const { id, body = id, tag, keys = [], queueId = 0, messageGroup } = message;
  const user = Object.entries(message.properties ?? {}).flat();
  const properties: Text[] = [];
  addProperty(properties, PROPERTY.messageId, Text.of(id));
  if (tag !== undefined) addProperty(properties, PROPERTY.tag, Text.of(tag));
  if (keys.length > 0) addProperty(properties, PROPERTY.keys, Text.of(keys.join(' ')));
  if (messageGroup !== undefined) {
    addProperty(properties, PROPERTY.messageGroup, Text.of(messageGroup));
  }
  properties.push(...user.map(Text.of));
  const { offset, end } = core.producer.append({
    topic,
    queueId,
    body: Buffer.from(body),
    compressed: false,
    bornTimeMs: 1_700_000_000_000,
    bornHost: { ip: 0x7f000001, port: 1234 },
    properties,
    tagHash: tagHash(tag),
    lookupKeys: [id, ...keys].map(Text.of),
  });
  await core.producer.whenStored(end);
  return offset;
}

export interface ReceiveOptions {
  queueId?: number;
  filter?: string;
  /** A condition of SQL92 instead. */
  sql?: string;
  batchSize?: number;
  invisibleMs?: number;
  waitMs?: number;
  receiver?: Receiver;
  renewFor?: string;
  caller?: Caller;
  attemptId?: string;
  meter?: Meter;
}

export function receive(
  core: Core,
  group: Group,
  topic: Topic,
  options: ReceiveOptions = {},
): Promise<Delivery[]> {
  const { queueId = ANY_QUEUE, filter = '*', batchSize = 32, invisibleMs = 30_000 } = options;
  const { sql, waitMs = 0, receiver = patient } = options;
  const request = {
    group,
    topic,
    queueId,
    batchSize,
    invisibleMs,
    renewFor: options.renewFor,
    caller: options.caller,
    filter: sql === undefined ? TagFilter.parse(filter) : SqlFilter.parse(sql),
    attemptId: options.attemptId,
    meter: options.meter ?? UNMETERED,
  };
  return core.consumption.pop.receive(request, waitMs, receiver);
}

export function handleOf(core: Core, { lease }: Delivery): string {
  const { groupId, topicId, queueId } = lease.progress;
  const { offset, sequence } = lease;
  return core.consumption.receipts.sign({ groupId, topicId, queueId, offset, sequence });
}

/** Acknowledges; resolves when that is stored. */
export async function ack(core: Core, group: Group, handle: string): Promise<void> {
  await core.producer.whenStored(core.consumption.acknowledger.ack(group, handle));
}

export function idOf({ properties }: Delivery): string {
  return properties.get(PROPERTY.messageId) ?? '';
}
