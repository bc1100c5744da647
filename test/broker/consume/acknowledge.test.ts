import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { CONSUME } from '#lib/limits';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

const INVALID = { code: 'INVALID_RECEIPT_HANDLE' };

describe('acknowledging', () => {
  let faulty: FaultyCore;
  let core: Core;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
    topic = await core.topics.create('orders', 'normal', 1);
    group = await core.groups.create('billing');
    for (const id of ['A', 'B']) await send(core, topic, { id });
  });

  afterEach(() => faulty.dispose());

  async function handOut(invisibleMs = 30_000, renewFor?: string): Promise<string> {
    const renewal = renewFor === undefined ? {} : { renewFor };
    const options = { batchSize: 1, invisibleMs, ...renewal };
    const [delivery] = await receive(core, group, topic, options);
    return handleOf(core, delivery!);
  }

  function change(handle: string, ms: number, by = group): string {
    return core.consumption.acknowledger.changeInvisible(by, handle, ms).handle;
  }

  test('a second ack of the same delivery is answered like the first', async () => {
    const handle = await handOut();
    await ack(core, group, handle);
    await ack(core, group, handle);
    expect(() => change(handle, 1000)).toThrow(expect.objectContaining(INVALID));
  });

  test('is answered only once it is on the disk', async () => {
    const handle = await handOut();
    await core.store.whenCommitted(core.store.end);
    const release = faulty.files.hold('sync');
    let answered = 0;
    const both = [1, 2].map(() => ack(core, group, handle).then(() => answered++));
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(0); // neither the first nor its repetition
    release();
    await Promise.all(both);
    await faulty.crash('dropped');
    core = faulty.core;
    const again = await receive(core, core.groups.get('billing'), core.topics.get('orders'));
    expect(again.map(idOf)).toEqual(['B']);
  });

  test('the handle of another group, of nobody, or of a later time is refused', async () => {
    const handle = await handOut();
    const other = await core.groups.create('shipping');
    await expect(ack(core, other, handle)).rejects.toMatchObject(INVALID);
    await expect(ack(core, group, 'forged')).rejects.toMatchObject(INVALID);
    const { groupId, topicId } = core.consumption.receipts.verify(handle);
    const place = { groupId, topicId, queueId: 0, sequence: 1 };
    const { receipts } = core.consumption;
    for (const facts of [
      { ...place, offset: 1 },
      { ...place, queueId: 7, offset: 0 },
      { ...place, offset: 0, sequence: 2 },
    ]) {
      await expect(ack(core, group, receipts.sign(facts))).rejects.toMatchObject(INVALID);
    }
    await ack(core, group, handle);
  });

  test('is refused from the deadline on', async () => {
    const early = await handOut(10_000);
    const late = await handOut(10_000);
    faulty.clock.advance(9999);
    await ack(core, group, early);
    faulty.clock.advance(1);
    await expect(ack(core, group, late)).rejects.toMatchObject(INVALID);
    const [again] = await receive(core, group, topic);
    expect([idOf(again!), again?.lease.attempt]).toEqual(['B', 2]);
    await expect(ack(core, group, late)).rejects.toMatchObject(INVALID);
    await ack(core, group, handleOf(core, again!));
  });

  test('a lease that is renewed is good until the watch has ended it', async () => {
    const facts = { clientId: 'client', kind: 'push', group: 'billing', language: 'JAVA' } as const;
    core.sessions.register({ ...facts, version: '5', peer: '' }, { end: () => undefined });
    let acked: Promise<void> | undefined;
    let handle = '';
    // Due at the very deadline, but before the timer of the watch: as when the process is busy.
    const acknowledge = (): void => {
      acked = ack(core, group, handle);
    };
    faulty.clock.setTimeout(acknowledge, CONSUME.autoRenewSliceMs);
    handle = await handOut(CONSUME.autoRenewSliceMs, 'client');
    faulty.clock.advance(30_000);
    core.sessions.heartbeat('client');
    faulty.clock.advance(30_000);
    await expect(acked).resolves.toBeUndefined();
  });

  test('more time makes a new handle and kills the old one', async () => {
    const first = await handOut(10_000);
    const second = change(first, 60_000);
    await expect(ack(core, group, first)).rejects.toMatchObject(INVALID);
    expect(() => change(first, 1)).toThrow(expect.objectContaining(INVALID));
    faulty.clock.advance(59_999);
    await ack(core, group, second);
  });

  test('no more time at all frees the message with one attempt more', async () => {
    change(await handOut(), 0);
    faulty.clock.advance(0);
    const [again] = await receive(core, group, topic, { batchSize: 1 });
    expect([idOf(again!), again?.lease.attempt]).toEqual(['A', 2]);
  });
});
