/**
 * A disk that is really full: a small file system in memory, where the system lets us mount one.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import type { Topic } from '#broker/topic/topics';
import { ack, handleOf, idOf, openCore, receive, send, temporaryDirectory } from '#support/core';
import { readAll } from '#support/reopened';
import { until } from '#support/until';

const DISK_BYTES = 12 * 1024 * 1024;
const BALLAST_BYTES = 4 * 1024 * 1024;
const BODY_BYTES = 50_000;

const directory = await temporaryDirectory();

function mount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', directory], {
      stdio: 'pipe',
    });
    return true;
  } catch (error) {
    console.warn(`SKIPPED: no file system may be mounted here: ${String(error)}`);
    return false;
  }
}

const mounted = mount();
const describeMounted = mounted ? describe : describe.skip;

describeMounted('a small disk', () => {
  const ballast = path.join(directory, 'ballast');
  let core: Core;
  let topic: Topic;

  beforeAll(async () => {
    fs.writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES, 1));
    core = await openCore(directory);
    topic = await core.topics.create('orders', 'normal', 1);
    await core.groups.create('billing');
  });

  afterAll(async () => {
    await core.close();
    execFileSync('umount', [directory]);
    fs.rmdirSync(directory);
  });

  /** Sends until there is no room; returns the ids of those that were stored. */
  async function fill(prefix: string): Promise<string[]> {
    const stored: string[] = [];
    for (;;) {
      const id = `${prefix}${stored.length}`;
      try {
        await send(core, topic, { id, body: Buffer.alloc(BODY_BYTES, id) });
        stored.push(id);
      } catch (error) {
        expect(error).toMatchObject({ code: 'DISK_FULL' });
        return stored;
      }
    }
  }

  async function reopen(): Promise<void> {
    await core.close();
    core = await openCore(directory);
    topic = core.topics.get('orders');
  }

  test('is filled, read while it is full, emptied a little, and filled again', async () => {
    const first = await fill('A');
    expect(first.length).toBeGreaterThan(50);
    const group = core.groups.get('billing');
    const [delivery] = await receive(core, group, topic, { batchSize: 1 });
    expect(idOf(delivery!)).toBe('A0');
    await core.store.materialize();
    fs.rmSync(ballast);
    await until(5_000, () => core.store.readOnlyReason === undefined);
    await ack(core, group, handleOf(core, delivery!));
    const second = await fill('B');
    expect(second.length).toBeGreaterThan(20);
    const found = await readAll(core);
    const ids = found.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([...first, ...second]));
    expect(found.map(({ offset }) => offset)).toEqual(found.map((_, i) => i));
    await reopen();
    expect((await readAll(core)).slice(0, ids.length).map(({ id }) => id)).toEqual(ids);
  }, 60_000);
});

if (!mounted) {
  afterAll(() => fs.rmdirSync(directory));
  test('needs the right to mount', () => expect(mounted).toBe(false));
}
