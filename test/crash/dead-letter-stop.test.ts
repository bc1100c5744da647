/**
 * Stops the world at operations on the disk while messages fail for the last time: each that was
 * stored is acknowledged, or comes again, or is in the dead letters, and there but once.
 */
import fs from 'node:fs/promises';
import path from 'node:path';

import { expect, test } from '@jest/globals';

import type { Delivery } from '#broker/consume/pop';
import type { Core } from '#broker/core';
import { deadLetterTopic } from '#proto/names';
import { PROPERTY, parseProperties } from '#proto/properties';
import { ack, handleOf, idOf, openCore, receive, send, temporaryDirectory } from '#support/core';
import { FaultFiles } from '#support/fault-files';
import type { Stop, StopMode } from '#support/fault-files';
import { History } from '#support/history';
import { ManualClock } from '#support/manual-clock';
import type { Unsynced } from '#support/memory-disk';

const SEGMENT_BYTES = 8192;
const GROUP = 'billing';
const INVISIBLE_MS = 30_000;
const STOPS = process.env['CRASH_ALL'] === '1' ? Infinity : 8;
const MODES: readonly StopMode[] = ['before', 'after', 'torn-prefix', 'torn-hole'];
const UNSYNCED: readonly Unsynced[] = ['kept', 'dropped', 'torn'];

function open(directory: string, files: FaultFiles, clock: ManualClock): Promise<Core> {
  return openCore(directory, { files, clock, segmentBytes: SEGMENT_BYTES });
}

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

async function crash(stop?: Stop) {
  const directory = await temporaryDirectory();
  const files = new FaultFiles(stop ? { stop } : {});
  const clock = new ManualClock();
  const history = new History();
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

/** All that still comes fails too; what is wrong in the end. */
async function whatIsWrong(core: Core, clock: ManualClock, history: History) {
  const topic = core.topics.find('orders');
  if (!topic || !core.groups.find(GROUP)) {
    return history.storedCount > 0 ? ['topic or group is gone'] : [];
  }
  history.forgetDeliveries();
  for (let quiet = 0; quiet < 3; quiet++) {
    await pass(core, clock, INVISIBLE_MS + 1);
    if ((await takeSome(core, 32, history)).length > 0) quiet = 0;
  }
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

test.each(MODES)(
  'stopped %s an operation, a message has one dead letter at most',
  async (mode) => {
    const whole = await crash();
    const end = await open(
      whole.directory,
      whole.files.afterCrash({ unsynced: 'kept', seed: 1 }),
      whole.clock,
    );
    expect(end.topics.find(deadLetterTopic(GROUP))?.queues[0]?.nextOffset).toBeGreaterThan(5);
    await end.close();
    await fs.rm(whole.directory, { recursive: true });
    const all = whole.files.operations.flatMap(({ operation }, at) =>
      !mode.startsWith('torn') || operation === 'write' ? [at] : [],
    );
    const wrong: string[] = [];
    const count = Math.min(STOPS, all.length);
    for (let i = 0; i < count; i++) {
      const at = all[Math.floor((i * all.length) / count)] as number;
      const { directory, files, clock, history } = await crash({ at, mode });
      for (const [round, unsynced] of UNSYNCED.entries()) {
        const copy = await temporaryDirectory();
        await fs.cp(directory, copy, { recursive: true });
        if (round % 2 === i % 2) {
          await fs.rm(path.join(copy, 'index'), { recursive: true, force: true });
        }
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
  600_000,
);
