/** A run of a broker with scheduled messages, always the same, and what must be true afterwards. */
import type { Core } from '#broker/core';
import type { Topic } from '#broker/topic/topics';
import type { History } from '#support/history';
import type { ManualClock } from '#support/manual-clock';
import { readAll } from '#support/reopened';
import { schedule } from '#support/scheduled';

export const SCHEDULED_SEGMENT_BYTES = 16 * 1024;
export const SCHEDULED_RETENTION_MS = 3_600_000;
/** Longer than retention: what waits so long is carried forward. */
const FAR_MS = 2 * SCHEDULED_RETENTION_MS;
const SECOND = 1000;

export interface ScheduledScene {
  core: Core;
  clock: ManualClock;
  history: History;
}

async function sendLater(scene: ScheduledScene, topic: Topic, id: string, inMs: number) {
  const { core, clock, history } = scene;
  const body = Buffer.alloc(1 + ((id.length * 2477 + inMs) % 3000), id);
  const deliverAtMs = clock.nowMs() + inMs;
  history.sending({ id, topic: String(topic.id), body, dueMs: deliverAtMs });
  const { end, recallHandle = '' } = schedule(core, topic, { id, deliverAtMs, body });
  await core.producer.whenStored(end);
  history.stored(id);
  return { id, recallHandle };
}

async function recall(scene: ScheduledScene, topic: Topic, id: string, handle: string) {
  const { core, history } = scene;
  history.recalling(id);
  const { end } = await core.scheduler.recall(topic, handle);
  await core.producer.whenStored(end);
  history.recalled(id);
}

/** What is due is delivered, and stored. */
async function deliverAll({ core, clock }: ScheduledScene, inMs: number): Promise<void> {
  clock.advance(inMs);
  for (let quiet = 0, end = 0; quiet < 20; quiet++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (core.store.end !== end) quiet = 0;
    end = core.store.end;
  }
  await core.producer.whenStored(core.store.end);
}

/** Runs to the end, or until the first call that fails. */
export async function runScheduledScript(scene: ScheduledScene): Promise<void> {
  const { core, clock, history } = scene;
  const topic = await core.topics.create('later', 'delay', 1);
  history.topicCreated(String(topic.id));
  const far = [];
  for (let i = 0; i < 8; i++) far.push(await sendLater(scene, topic, `far-${i}`, FAR_MS + i));
  for (let i = 0; i < 8; i++) await sendLater(scene, topic, `soon-${i}`, (1 + i) * SECOND);
  const [first, second] = far as [(typeof far)[0], (typeof far)[0]];
  await recall(scene, topic, first.id, first.recallHandle);
  await core.store.materialize();
  await deliverAll(scene, 4 * SECOND);
  await core.store.materialize();
  await deliverAll(scene, 2 * SECOND);
  await recall(scene, topic, second.id, second.recallHandle);
  await deliverAll(scene, 2 * SECOND);
  for (let i = 0; i < 8; i++) history.mayExpire(`soon-${i}`);
  clock.advance(SCHEDULED_RETENTION_MS);
  await core.store.retain();
  await sendLater(scene, topic, 'filler', SECOND);
  history.mayExpire('filler');
  clock.advance(SCHEDULED_RETENTION_MS / 2);
  await core.store.materialize();
  await core.store.retain();
  const third = far[2] as (typeof far)[0];
  await recall(scene, topic, third.id, third.recallHandle);
  for (let i = 0; i < 4; i++) await sendLater(scene, topic, `late-${i}`, FAR_MS + i);
}

/** Everything that was promised comes, once, never early; what was taken back does not. */
export async function checkScheduled(scene: ScheduledScene): Promise<void> {
  const { core, clock, history } = scene;
  await deliverAll(scene, 0);
  history.foundAll(await readAll(core), clock.nowMs());
  for (let i = 0; i < 5; i++) await deliverAll(scene, FAR_MS / 2);
  history.foundAll(await readAll(core), clock.nowMs());
  if (core.scheduler.hasPending) history.violated('some are pending that never come');
}
