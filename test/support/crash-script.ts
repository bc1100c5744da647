/**
 * A day in the life of a broker, step by step and always the same, with everything the store knows.
 */
import type { Core } from '#broker/core';
import type { Delivery } from '#broker/consume/pop';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import type { History } from '#support/history';
import type { ManualClock } from '#support/manual-clock';

export const GROUP = 'billing';
export const PULL_GROUP = 'mailing';
const BROADCAST_GROUP = 'caches';
export const INVISIBLE_MS = 30_000;
export const SCRIPT_SEGMENT_BYTES = 24 * 1024;
export const SCRIPT_RETENTION_MS = 3_600_000;
const QUEUES = 2;

export interface Scene {
  core: Core;
  clock: ManualClock;
  history: History;
}

/** The same bytes for the same number, of a length between 1 and some 9,000. */
function bodyOf(number: number): Buffer {
  const length = number % 7 === 0 ? 9000 - number : 1 + ((number * 613) % 3000);
  return Buffer.alloc(length, `${number}.`);
}

/** Sends one message and writes down what came of it. */
export async function sendOne(
  { core, history }: Scene,
  topic: Topic,
  number: number,
  prefix = 'M',
): Promise<void> {
  const id = `${prefix}${number}`;
  const queueId = number % topic.queues.length;
  const body = bodyOf(number);
  history.sending({ id, topic: String(topic.id), queueId, body });
  history.stored(id, await send(core, topic, { id, body, queueId, keys: [`K${number}`] }));
}

/** Receives up to `batchSize` and writes down what came. */
export async function receiveSome(
  { core, history }: Scene,
  group: Group,
  topic: Topic,
  batchSize: number,
): Promise<Delivery[]> {
  const deliveries = await receive(core, group, topic, { batchSize, invisibleMs: INVISIBLE_MS });
  for (const delivery of deliveries) {
    const { body } = delivery.message;
    history.delivered(group.name, { id: idOf(delivery), topic: String(topic.id), body });
  }
  return deliveries;
}

export async function ackOne({ core, history }: Scene, group: Group, delivery: Delivery) {
  history.acking(group.name, idOf(delivery));
  await ack(core, group, handleOf(core, delivery));
  history.acked(group.name, idOf(delivery));
}

/** Runs to the end, or until the first call that fails. */
export async function runScript(scene: Scene): Promise<void> {
  const { core, clock, history } = scene;
  const orders = await core.topics.create('orders', 'normal', QUEUES);
  history.topicCreated(String(orders.id));
  const billing = await core.groups.create(GROUP);
  const mailing = await core.groups.create(PULL_GROUP);
  await core.groups.create(BROADCAST_GROUP, { broadcast: true });
  await firstHour(scene, orders, billing, mailing);
  await recreateTopic(scene);
  await morning(scene, orders, billing);
  for (const id of history.ids) history.mayExpire(id);
  for (const member of ['one', 'two']) history.mayForget(placeOf(member));
  clock.advance(SCRIPT_RETENTION_MS + 1);
  await core.store.retain();
  await afternoon(scene, orders, billing, mailing);
}

async function firstHour(scene: Scene, orders: Topic, billing: Group, mailing: Group) {
  const { core, clock, history } = scene;
  for (let i = 0; i < 6; i++) await sendOne(scene, orders, i);
  await inParallel(scene, orders, 6, 14);
  const first = await receiveSome(scene, billing, orders, 6);
  for (const delivery of first.slice(0, 3)) await ackOne(scene, billing, delivery);
  await core.store.materialize();
  const nack = core.consumption.acknowledger.changeInvisible(
    billing,
    handleOf(core, first[3] as Delivery),
    10_000,
  );
  await core.producer.whenStored(nack.end);
  const end = core.consumption.pull.commitOffset(mailing, orders, 0, 4);
  await core.producer.whenStored(end);
  history.committed(PULL_GROUP, String(orders.id), 0, 4);
  for (const member of ['one', 'two']) await keepPosition(scene, member, 0);
  await inParallel(scene, orders, 14, 30);
  await keepPosition(scene, 'two', 1);
  clock.advance(10_001);
  const again = await receiveSome(scene, billing, orders, 4);
  await Promise.all(again.map((delivery) => ackOne(scene, billing, delivery)));
}

async function recreateTopic(scene: Scene): Promise<void> {
  const { core, history } = scene;
  for (const round of [1, 2]) {
    const scrap = await core.topics.create('scrap', 'normal', 1);
    history.topicCreated(String(scrap.id));
    for (let i = 0; i < 3; i++) await sendOne(scene, scrap, i, `S${round}-`);
    if (round === 2) continue;
    history.topicDeleting(String(scrap.id));
    await core.topics.delete('scrap');
    history.topicDeleted(String(scrap.id));
  }
}

async function morning(scene: Scene, orders: Topic, billing: Group): Promise<void> {
  const { core, clock } = scene;
  await inParallel(scene, orders, 30, 50);
  await core.store.materialize();
  const some = await receiveSome(scene, billing, orders, 8);
  for (const delivery of some.slice(0, 4)) await ackOne(scene, billing, delivery);
  clock.advance(INVISIBLE_MS + 1); // the others' leases end
  for (let i = 50; i < 56; i++) await sendOne(scene, orders, i);
  await keepPosition(scene, 'two', 0);
  await core.topics.update('orders', { queues: QUEUES + 1 });
  await inParallel(scene, orders, 56, 70);
}

async function afternoon(scene: Scene, orders: Topic, billing: Group, mailing: Group) {
  const { core, clock, history } = scene;
  await inParallel(scene, orders, 70, 84);
  for (const member of ['two', 'three']) await keepPosition(scene, member, 1);
  const some = await receiveSome(scene, billing, orders, 10);
  for (const delivery of some.slice(0, 5)) await ackOne(scene, billing, delivery);
  clock.advance(SCRIPT_RETENTION_MS / 2);
  await core.store.retain(); // begins a new segment, because of the old one's age
  const { minOffset } = orders.queues[0] as { minOffset: number };
  const offset = Math.max(minOffset, 5);
  await core.producer.whenStored(core.consumption.pull.commitOffset(mailing, orders, 0, offset));
  history.committed(PULL_GROUP, String(orders.id), 0, offset);
  for (let i = 84; i < 90; i++) await sendOne(scene, orders, i);
}

/** As the history names it: each member has a progress of its own. */
function placeOf(member: string): string {
  return `${BROADCAST_GROUP}/${member}`;
}

/** The other way round. */
export function memberOf(place: string): { name: string; member: string | undefined } {
  const [name = '', member] = place.split('/');
  return { name, member };
}

/** A member has read to the end of a queue. */
async function keepPosition(scene: Scene, member: string, queueId: number): Promise<void> {
  const { core, history } = scene;
  const orders = core.topics.get('orders');
  const caches = core.groups.get(BROADCAST_GROUP);
  const offset = core.consumption.pull.queue(orders, queueId).readable(core.store.committed);
  const end = core.consumption.broadcast.storeOffset(caches, member, orders, queueId, offset);
  await core.producer.whenStored(end);
  history.committed(placeOf(member), String(orders.id), queueId, offset);
}

async function inParallel(scene: Scene, topic: Topic, from: number, to: number): Promise<void> {
  const sends: Promise<void>[] = [];
  for (let i = from; i < to; i++) sends.push(sendOne(scene, topic, i));
  await Promise.all(sends);
}
