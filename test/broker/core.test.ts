import fs from 'node:fs/promises';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { ack, handleOf, idOf, openCore, receive, send, temporaryDirectory } from '#support/core';

describe('a broker core', () => {
  let directory: string;
  let core: Core;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    core = await openCore(directory);
  });

  afterEach(async () => {
    await core.close();
    await fs.rm(directory, { recursive: true });
  });

  async function reopen(): Promise<void> {
    await core.close();
    core = await openCore(directory);
  }

  test('hands out what was sent, as it was sent', async () => {
    const topic = await core.topics.create('orders', 'normal', 4);
    const group = await core.groups.create('billing');
    await send(core, topic, {
      id: 'A1',
      body: 'hello',
      tag: 'new',
      keys: ['k1', 'k2'],
      queueId: 2,
    });
    const [delivery] = await receive(core, group, topic);
    expect(delivery?.message.body.toString()).toBe('hello');
    expect(delivery?.message.topic).toBe('orders');
    expect(delivery?.message.queueId).toBe(2);
    expect(delivery?.lease.attempt).toBe(1);
    expect(await receive(core, group, topic)).toHaveLength(0);
  });

  test('keeps messages, leases and acknowledgements over a restart', async () => {
    const topic = await core.topics.create('orders', 'normal', 1);
    const group = await core.groups.create('billing');
    for (const id of ['A', 'B', 'C']) await send(core, topic, { id });
    const [first, second] = await receive(core, group, topic, { batchSize: 2 });
    await ack(core, group, handleOf(core, first!));
    await reopen();
    const again = core.topics.get('orders');
    const rest = await receive(core, core.groups.get('billing'), again);
    expect(rest.map(idOf)).toEqual(['C']);
    await ack(core, core.groups.get('billing'), handleOf(core, second!));
    const progress = core.consumption.progress.find(group.id, topic.id, 0);
    expect(progress?.committed).toBe(2);
  });

  test('rebuilds the index from the log when it is gone', async () => {
    const topic = await core.topics.create('orders', 'normal', 2);
    const group = await core.groups.create('billing');
    for (let i = 0; i < 100; i++) await send(core, topic, { id: `M${i}`, queueId: i % 2 });
    const [first] = await receive(core, group, topic, { queueId: 0, batchSize: 1 });
    await ack(core, group, handleOf(core, first!));
    await core.close();
    await fs.rm(path.join(directory, 'index'), { recursive: true });
    core = await openCore(directory);
    const rebuilt = core.topics.get('orders');
    const rest: string[] = [];
    for (;;) {
      const some = await receive(core, core.groups.get('billing'), rebuilt);
      if (some.length === 0) break;
      rest.push(...some.map(idOf));
    }
    expect(rest).toHaveLength(99);
    expect(rest).not.toContain('M0');
  });

  test('a long poll gets the message that comes while it waits', async () => {
    const topic = await core.topics.create('orders', 'normal', 4);
    const group = await core.groups.create('billing');
    const waiting = receive(core, group, topic, { waitMs: 20_000 });
    await send(core, topic, { id: 'late', queueId: 3 });
    expect((await waiting).map(idOf)).toEqual(['late']);
  });
});
