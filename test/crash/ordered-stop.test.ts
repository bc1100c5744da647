/**
 * Stops the world at operations on the disk while an ordered group is at work: what a fresh process
 * makes of what is left is in order, lacks nothing that was stored, and has nothing that is done.
 */
import fs from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import type { Delivery } from '#broker/consume/pop';
import type { Core } from '#broker/core';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import type { History } from '#support/history';
import type { ManualClock } from '#support/manual-clock';
import { STOP_MODES, stopCore, wrongAfterStops } from '#support/stopped-core';

const STOPS = 6;
const DAY_MS = 24 * 3_600_000;

const GROUP = 'ledger';

async function takeSome(core: Core, batchSize: number, history: History): Promise<Delivery[]> {
  const topic = core.topics.get('orders');
  const deliveries = await receive(core, core.groups.get(GROUP), topic, { batchSize });
  for (const each of deliveries) {
    const { body } = each.message;
    history.delivered(GROUP, { id: idOf(each), topic: String(topic.id), body });
  }
  return deliveries;
}

async function ackOne(core: Core, delivery: Delivery, history: History): Promise<void> {
  history.acking(GROUP, idOf(delivery));
  await ack(core, core.groups.get(GROUP), handleOf(core, delivery));
  history.acked(GROUP, idOf(delivery));
}

async function work(core: Core, clock: ManualClock, history: History): Promise<void> {
  history.ordered(GROUP);
  const topic = await core.topics.create('orders', 'fifo', 1);
  history.topicCreated(String(topic.id));
  await core.groups.create(GROUP, { ordered: true, retryMaxTimes: 100 });
  for (let n = 0; n < 12; n++) {
    for (const messageGroup of ['A', 'B', 'C']) {
      const id = `${messageGroup}${n}`;
      const body = Buffer.alloc(1 + n * 20, id);
      history.sending({ id, topic: String(topic.id), messageGroup, body });
      history.stored(id, await send(core, topic, { id, messageGroup, body }));
    }
    const deliveries = await takeSome(core, 4, history);
    // A is always behind: what is done lies above the first message that waits.
    const others = deliveries.filter((each) => !idOf(each).startsWith('A') || n % 5 === 4);
    for (const each of others) await ackOne(core, each, history);
    if (n % 4 === 1) await core.store.materialize();
    if (n % 3 === 2) clock.advance(40_000);
  }
}

/** Everything that still comes, in turn; what of that is wrong. */
async function whatIsWrong(core: Core, clock: ManualClock, history: History) {
  const topic = core.topics.find('orders');
  if (!topic || !core.groups.find(GROUP)) {
    return history.storedCount > 0 ? ['topic or group is gone'] : [];
  }
  clock.advance(DAY_MS);
  history.forgetDeliveries();
  for (;;) {
    const deliveries = await takeSome(core, 3, history);
    if (deliveries.length === 0) break;
    for (const each of deliveries) await ackOne(core, each, history);
  }
  history.drained(GROUP, String(topic.id));
  return history.violations;
}

const scene = { segmentBytes: 4096, work, whatIsWrong };

test('the work acknowledges much of what it sends', async () => {
  const { directory, history } = await stopCore(scene);
  expect(history.ackedCount).toBeGreaterThan(10);
  await fs.rm(directory, { recursive: true });
});

test.each(STOP_MODES)(
  'stopped %s an operation, an ordered group goes on in order',
  async (mode) => expect(await wrongAfterStops(scene, mode, STOPS)).toEqual([]),
  300_000,
);
