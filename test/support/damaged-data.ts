/** Data directories of a broker, for tests that damage them. */
import fs from 'node:fs/promises';
import path from 'node:path';

import type { Core } from '#broker/core';
import { GROUP, PULL_GROUP, ackOne, receiveSome, sendOne } from '#support/crash-script';
import { openCore, temporaryDirectory } from '#support/core';
import { History } from '#support/history';
import { ManualClock } from '#support/manual-clock';

const SEGMENT_BYTES = 16 * 1024;

export interface Data {
  directory: string;
  history: History;
  nowMs: number;
}

export function openData(directory: string, clock: ManualClock): Promise<Core> {
  return openCore(directory, { clock, segmentBytes: SEGMENT_BYTES });
}

/**
 * A directory with several segments, and an index with tables and a log of its own, all of it
 * stored and nothing of it under way.
 */
export async function makeData(): Promise<Data> {
  const directory = await temporaryDirectory();
  const history = new History();
  const clock = new ManualClock();
  let core = await openData(directory, clock);
  const topic = await core.topics.create('orders', 'normal', 2);
  history.topicCreated(String(topic.id));
  await core.groups.create(GROUP);
  await core.groups.create(PULL_GROUP);
  for (let round = 0; round < 4; round++) {
    await someWork({ core, clock, history }, round);
    await core.close(); // so that the index puts what it has into a table
    core = await openData(directory, clock);
  }
  for (let round = 4; round < 8; round++) {
    await someWork({ core, clock, history }, round);
    await core.store.materialize();
  }
  await core.close();
  return { directory, history, nowMs: clock.nowMs() };
}

async function someWork(
  scene: { core: Core; clock: ManualClock; history: History },
  round: number,
) {
  const { core, history } = scene;
  const topic = core.topics.get('orders');
  const group = core.groups.get(GROUP);
  for (let i = 0; i < 6; i++) await sendOne(scene, topic, round * 6 + i);
  const some = await receiveSome(scene, group, topic, 4);
  for (const delivery of some.slice(0, 3)) await ackOne(scene, group, delivery);
  const mailing = core.groups.get(PULL_GROUP);
  const end = core.consumption.pull.commitOffset(mailing, topic, 0, round + 1);
  await core.producer.whenStored(end);
  history.committed(PULL_GROUP, String(topic.id), 0, round + 1);
}

/** A copy that may be damaged. */
export async function copyOf({ directory }: Data): Promise<string> {
  const copy = await temporaryDirectory();
  await fs.cp(directory, copy, { recursive: true });
  return copy;
}

export async function filesOf(directory: string, ending: RegExp): Promise<string[]> {
  const names = await fs.readdir(directory);
  return names.filter((name) => ending.test(name)).map((name) => path.join(directory, name));
}

export async function flipBit(file: string, at: number, bit: number): Promise<void> {
  const bytes = await fs.readFile(file);
  bytes[at] = (bytes[at] as number) ^ (1 << bit);
  await fs.writeFile(file, bytes);
}
