/**
 * Stops the world at operations on the disk while messages fail for the last time: each that was
 * stored is acknowledged, or comes again, or is in the dead letters, and there but once.
 */
import fs from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import type { Delivery } from '#broker/consume/pop';
import type { Core } from '#broker/core';
import { deadLetterTopic } from '#proto/names';
import { PROPERTY, parseProperties } from '#proto/properties';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import type { History } from '#support/history';
import type { ManualClock } from '#support/manual-clock';
import { STOP_MODES, stopCore, wrongAfterStops } from '#support/stopped-core';
import { until } from '#support/until';

const GROUP = 'billing';
const INVISIBLE_MS = 30_000;
/** The time of this machine, on which the clock of the test has no influence. */
const WAIT_MS = 30_000;
const STOPS = process.env['CRASH_ALL'] === '1' ? Infinity : 8;

async function takeSome(core: Core, batchSize: number, history: History): Promise<Delivery[]> {
  const topic = core.topics.get('orders');
  const options = { batchSize, invisibleMs: INVISIBLE_MS };
  const deliveries = await receive(core, core.groups.get(GROUP), topic, options);
  for (const each of deliveries) {
    const { body } = each.message;
    history.delivered(GROUP, { id: idOf(each), topic: String(topic.id), body });
  }
  return deliveries;
}

/** Time goes on, and what that brings about is stored. */
async function pass(core: Core, clock: ManualClock, ms: number): Promise<void> {
  await clock.advanceAsync(ms);
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    await core.producer.whenStored(core.store.end);
  }
}

async function work(core: Core, clock: ManualClock, history: History): Promise<void> {
  const topic = await core.topics.create('orders', 'normal', 1);
  history.topicCreated(String(topic.id));
  const group = await core.groups.create(GROUP, { retryMaxTimes: 1 });
  for (let n = 0; n < 20; n++) {
    const id = `M${n}`;
    const body = Buffer.alloc(1 + n * 40, id);
    history.sending({ id, topic: String(topic.id), body });
    history.stored(id, await send(core, topic, { id, body }));
    if (n % 4 !== 3) continue;
    const [first] = await takeSome(core, 8, history);
    if (first) {
      history.acking(GROUP, idOf(first));
      await ack(core, group, handleOf(core, first));
      history.acked(GROUP, idOf(first));
    }
    await pass(core, clock, INVISIBLE_MS + 1); // the others come once more, then never again
    if (n % 8 === 3) await core.store.materialize();
  }
}

/** All that still comes fails too; what is wrong in the end. */
async function whatIsWrong(core: Core, clock: ManualClock, history: History) {
  const topic = core.topics.find('orders');
  if (!topic || !core.groups.find(GROUP)) {
    return history.storedCount > 0 ? ['topic or group is gone'] : [];
  }
  history.forgetDeliveries();
  const progress = core.consumption.progress.get(core.groups.get(GROUP), topic, 0);
  const end = topic.queues[0]?.nextOffset ?? 0;
  // Moves to the dead letters read the log, which takes its time.
  await until(WAIT_MS, async () => {
    await takeSome(core, 32, history);
    await pass(core, clock, INVISIBLE_MS + 1);
    return progress.outstandingCount === 0 && progress.next === end;
  });
  const { reader } = core.consumption;
  const queue = core.topics.find(deadLetterTopic(GROUP))?.queues[0];
  for (let offset = 0; queue && offset < queue.readable(core.store.committed); offset++) {
    const message = await reader.read(await reader.place(queue, offset), queue, offset);
    const id = parseProperties(message.properties).get(PROPERTY.deadLetterMessageId) ?? '';
    history.deadLettered(GROUP, id);
  }
  history.drained(GROUP, String(topic.id));
  return history.violations;
}

const scene = { segmentBytes: 8192, work, whatIsWrong };

test('the work makes dead letters', async () => {
  const { directory, history } = await stopCore({
    ...scene,
    work: async (core, clock, kept) => {
      await work(core, clock, kept);
      const dead = core.topics.find(deadLetterTopic(GROUP))?.queues[0];
      expect(dead?.nextOffset).toBeGreaterThan(5);
    },
  });
  expect(history.violations).toEqual([]);
  await fs.rm(directory, { recursive: true });
});

test.each(STOP_MODES)(
  'stopped %s an operation, a message has one dead letter at most',
  async (mode) => expect(await wrongAfterStops(scene, mode, STOPS)).toEqual([]),
  600_000,
);
