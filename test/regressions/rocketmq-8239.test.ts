/**
 * Others' bug, rocketmq issue 8239: a message was consumed before it was flushed; after a power
 * loss the consumer had seen what no longer existed. Here reads stop at what is synced (P2).
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { readAll } from '#support/reopened';
import { until } from '#support/until';

describe('a message that is not synced yet', () => {
  let faulty: FaultyCore;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    topic = await faulty.core.topics.create('orders', 'normal', 1);
    group = await faulty.core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  test('is not given to a consumer, also to one that waits, before its sync is done', async () => {
    const { core, files } = faulty;
    const waiting = receive(core, group, topic, { waitMs: 20_000 });
    let woken = false;
    void waiting.then(() => (woken = true));
    const syncs = files.count('sync');
    const release = files.hold('sync');
    const sending = send(core, topic, { id: 'A' });
    await until(2_000, () => files.count('sync') > syncs);
    expect(await receive(core, group, topic)).toHaveLength(0);
    expect(await readAll(core)).toHaveLength(0);
    expect(woken).toBe(false);
    release();
    await sending;
    expect((await waiting).map(idOf)).toEqual(['A']);
  });

  test('is synced by the next process before that serves it', async () => {
    const { core, files } = faulty;
    const syncs = files.count('sync');
    const release = files.hold('sync');
    send(core, topic, { id: 'A' }).catch(() => undefined); // the process dies before the answer
    await until(2_000, () => files.count('sync') > syncs);
    files.crash();
    release();
    await faulty.crash('kept');
    expect((await readAll(faulty.core)).map(({ id }) => id)).toEqual(['A']);
    // What was served survives the power loss that follows at once.
    await faulty.crash('dropped');
    expect((await readAll(faulty.core)).map(({ id }) => id)).toEqual(['A']);
  });
});
