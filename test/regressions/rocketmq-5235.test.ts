/**
 * Others' bug, rocketmq issue 5235: a flush that failed was taken for a success. A second fdatasync
 * after a failed one says nothing about the first one's data: the log leaves service (P5).
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Durability } from '#broker/store/commit-log';
import type { Topic } from '#broker/topic/topics';
import { idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { readAll } from '#support/reopened';

const OUT_OF_SERVICE = { code: 'STORE_UNAVAILABLE' };

describe.each(['sync', 'write'] as const)('a %s that fails', (operation) => {
  let faulty: FaultyCore;
  let topic: Topic;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    topic = await faulty.core.topics.create('orders', 'normal', 1);
    await faulty.core.groups.create('billing');
    await send(faulty.core, topic, { id: 'A' });
  });

  afterEach(() => faulty.dispose());

  test('fails the send, and every one after it, though the disk is sound again', async () => {
    const { core, files } = faulty;
    files.fail({ operation, nth: 0, code: 'EIO' });
    await expect(send(core, topic, { id: 'B' })).rejects.toMatchObject(OUT_OF_SERVICE);
    const { length } = files.operations;
    for (const id of ['C', 'D']) {
      await expect(send(core, topic, { id })).rejects.toMatchObject(OUT_OF_SERVICE);
    }
    await faulty.clock.advanceAsync(60_000);
    expect(core.store.readOnlyReason).toMatchObject(OUT_OF_SERVICE);
    expect(files.operations.slice(length)).toEqual([]); // it was never tried again
  });

  test('leaves reads in service, of what was stored', async () => {
    const { core, files } = faulty;
    files.fail({ operation, nth: 0, code: 'EIO' });
    await expect(send(core, topic, { id: 'B' })).rejects.toMatchObject(OUT_OF_SERVICE);
    expect((await receive(core, core.groups.get('billing'), topic)).map(idOf)).toEqual(['A']);
    await faulty.crash('dropped');
    expect((await readAll(faulty.core)).map(({ id }) => id)).toEqual(['A']);
  });
});

describe('a sync that fails behind the answer (durability fast)', () => {
  test('keeps the index behind what is durable, and ends the service', async () => {
    const durability: Durability = 'fast';
    const faulty = await FaultyCore.open({ durability });
    try {
      const { core, files } = faulty;
      const topic = await core.topics.create('orders', 'normal', 1);
      await core.store.materialize();
      await send(core, topic, { id: 'A' });
      files.fail({ operation: 'sync', nth: 0, code: 'EIO' });
      await core.store.materialize();
      await expect(send(core, topic, { id: 'B' })).rejects.toMatchObject(OUT_OF_SERVICE);
      const { applied, durable } = core.store.status;
      expect(applied).toBeLessThanOrEqual(durable);
      await faulty.crash('dropped');
      expect(await readAll(faulty.core)).toEqual([]);
    } finally {
      await faulty.dispose();
    }
  });
});
