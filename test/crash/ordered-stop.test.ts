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
import { ManualClock } from '#support/manual-clock';
import type { Unsynced } from '#support/memory-disk';

/** So small that the state is carried from segment to segment. */
const SEGMENT_BYTES = 4096;
const STOPS = 6;
const MODES: readonly StopMode[] = ['before', 'after', 'torn-prefix', 'torn-hole'];
const UNSYNCED: readonly Unsynced[] = ['kept', 'dropped', 'torn'];
const DAY_MS = 24 * 3_600_000;

/** What the world knows of it. */
class Seen {
  readonly stored = new Set<string>();
  /** Acknowledged, answered or not. */
  readonly acking = new Set<string>();
  readonly acked = new Set<string>();
}

function open(directory: string, files: FaultFiles, clock: ManualClock): Promise<Core> {
  return openCore(directory, { files, clock, segmentBytes: SEGMENT_BYTES });
}

async function ackOne(core: Core, delivery: Delivery, seen: Seen): Promise<void> {
  seen.acking.add(idOf(delivery));
  await ack(core, core.groups.get('ledger'), handleOf(core, delivery));
  seen.acked.add(idOf(delivery));
}

async function work(core: Core, clock: ManualClock, seen: Seen): Promise<void> {
  const topic = await core.topics.create('orders', 'fifo', 1);
  const group = await core.groups.create('ledger', { ordered: true, retryMaxTimes: 100 });
  for (let n = 0; n < 12; n++) {
    for (const messageGroup of ['A', 'B', 'C']) {
      const id = `${messageGroup}${n}`;
      await send(core, topic, { id, messageGroup, body: 'x'.repeat(n * 20) });
      seen.stored.add(id);
    }
    const deliveries = await receive(core, group, topic, { batchSize: 4 });
    // A is always behind: what is done lies above the first message that waits.
    const others = deliveries.filter((each) => !idOf(each).startsWith('A') || n % 5 === 4);
    for (const each of others) await ackOne(core, each, seen);
    if (n % 4 === 1) await core.store.materialize();
    if (n % 3 === 2) clock.advance(40_000);
  }
}

async function crash(stop?: Stop) {
  const directory = await temporaryDirectory();
  const files = new FaultFiles(stop ? { stop } : {});
  const clock = new ManualClock();
  const seen = new Seen();
  let core: Core | undefined;
  try {
    core = await open(directory, files, clock);
    await work(core, clock, seen);
  } catch (error) {
    if (!files.stopped) throw error;
  }
  files.crash();
  await core?.close();
  return { directory, files, clock, seen };
}

/** Everything that still comes, in turn; what of that is wrong. */
async function whatIsWrong(core: Core, clock: ManualClock, seen: Seen): Promise<string[]> {
  const topic = core.topics.find('orders');
  const group = core.groups.find('ledger');
  if (!topic || !group) return seen.stored.size > 0 ? ['topic or group is gone'] : [];
  clock.advance(DAY_MS);
  const wrong: string[] = [];
  const came: string[] = [];
  for (;;) {
    const deliveries = await receive(core, group, topic, { batchSize: 3 });
    if (deliveries.length === 0) break;
    for (const each of deliveries) await ackOne(core, each, new Seen());
    came.push(...deliveries.map(idOf));
  }
  for (const messageGroup of ['A', 'B', 'C']) {
    const numbers = came.filter((id) => id.startsWith(messageGroup)).map((id) => +id.slice(1));
    const sorted = [...new Set(numbers)].toSorted((a, b) => a - b);
    if (String(sorted) !== String(numbers)) wrong.push(`${messageGroup} came as ${numbers}`);
  }
  for (const id of seen.stored) {
    if (!came.includes(id) && !seen.acking.has(id)) wrong.push(`${id} is lost`);
  }
  for (const id of seen.acked) if (came.includes(id)) wrong.push(`${id} came again`);
  return wrong;
}

test.each(MODES)(
  'stopped %s an operation, an ordered group goes on in order',
  async (mode) => {
    const whole = await crash();
    await fs.rm(whole.directory, { recursive: true });
    expect(whole.seen.acked.size).toBeGreaterThan(10);
    const torn = mode.startsWith('torn');
    const all = whole.files.operations.flatMap(({ operation }, at) =>
      !torn || operation === 'write' ? [at] : [],
    );
    const wrong: string[] = [];
    for (let i = 0; i < STOPS; i++) {
      const at = all[Math.floor((i * all.length) / STOPS)] as number;
      const { directory, files, clock, seen } = await crash({ at, mode });
      for (const [round, unsynced] of UNSYNCED.entries()) {
        const copy = await temporaryDirectory();
        await fs.cp(directory, copy, { recursive: true });
        if (round % 2 === i % 2)
          await fs.rm(path.join(copy, 'index'), { recursive: true, force: true });
        const disk = files.disk.afterCrash({ unsynced, seed: at }).moved(directory, copy);
        const again = new ManualClock(clock.nowMs());
        const core = await open(copy, new FaultFiles({ disk }), again);
        const found = await whatIsWrong(core, again, seen);
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
