/**
 * Stops the world at operations on the disk while an ordered group is at work: what a fresh process
 * makes of what is left is in order, lacks nothing that was stored, and has nothing that is done.
 */
import fs from 'node:fs/promises';
import path from 'node:path';

import { expect, test } from '@jest/globals';

import type { Delivery } from '#broker/consume/pop';
import type { Core } from '#broker/core';
import { ack, handleOf, idOf, openCore, receive, send, temporaryDirectory } from '#support/core';
import { FaultFiles } from '#support/fault-files';
import type { Stop, StopMode } from '#support/fault-files';
import { History } from '#support/history';
import { ManualClock } from '#support/manual-clock';
import type { Unsynced } from '#support/memory-disk';

/** So small that the state is carried from segment to segment. */
const SEGMENT_BYTES = 4096;
const STOPS = 6;
const MODES: readonly StopMode[] = ['before', 'after', 'torn-prefix', 'torn-hole'];
const UNSYNCED: readonly Unsynced[] = ['kept', 'dropped', 'torn'];
const DAY_MS = 24 * 3_600_000;

const GROUP = 'ledger';

function open(directory: string, files: FaultFiles, clock: ManualClock): Promise<Core> {
  return openCore(directory, { files, clock, segmentBytes: SEGMENT_BYTES });
}

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

async function crash(stop?: Stop) {
  const directory = await temporaryDirectory();
  const files = new FaultFiles(stop ? { stop } : {});
  const clock = new ManualClock();
  const history = new History();
  history.ordered(GROUP);
  let core: Core | undefined;
  try {
    core = await open(directory, files, clock);
    await work(core, clock, history);
  } catch (error) {
    if (!files.stopped) throw error;
  }
  files.crash();
  await core?.close();
  return { directory, files, clock, history };
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

test.each(MODES)(
  'stopped %s an operation, an ordered group goes on in order',
  async (mode) => {
    const whole = await crash();
    await fs.rm(whole.directory, { recursive: true });
    expect(whole.history.ackedCount).toBeGreaterThan(10);
    const torn = mode.startsWith('torn');
    const all = whole.files.operations.flatMap(({ operation }, at) =>
      !torn || operation === 'write' ? [at] : [],
    );
    const wrong: string[] = [];
    for (let i = 0; i < STOPS; i++) {
      const at = all[Math.floor((i * all.length) / STOPS)] as number;
      const { directory, files, clock, history } = await crash({ at, mode });
      for (const [round, unsynced] of UNSYNCED.entries()) {
        const copy = await temporaryDirectory();
        await fs.cp(directory, copy, { recursive: true });
        if (round % 2 === i % 2)
          await fs.rm(path.join(copy, 'index'), { recursive: true, force: true });
        const disk = files.disk.afterCrash({ unsynced, seed: at }).moved(directory, copy);
        const again = new ManualClock(clock.nowMs());
        const core = await open(copy, new FaultFiles({ disk }), again);
        const found = await whatIsWrong(core, again, history.clone());
        wrong.push(...found.map((each) => `${mode} #${at}, unsynced ${unsynced}: ${each}`));
        await core.close();
        await fs.rm(copy, { recursive: true });
      }
      await fs.rm(directory, { recursive: true });
    }
    expect(wrong).toEqual([]);
  },
  300_000,
);
