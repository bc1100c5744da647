import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { SluiceError } from '#lib/errors';
import { CONSUME } from '#lib/limits';
import { PROPERTY } from '#proto/properties';
import { handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe('dead letters', () => {
  let faulty: FaultyCore;
  let core: Core;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
    topic = await core.topics.create('orders', 'normal', 1);
    group = await core.groups.create('billing', { retryMaxTimes: 0 });
    await send(core, topic, { id: 'A', body: 'hello', tag: 'new', keys: ['k1', 'k2'] });
  });

  afterEach(() => faulty.dispose());

  function copies(): number {
    return core.topics.find('%DLQ%billing')?.queues[0]?.nextOffset ?? 0;
  }

  function committed(): number | undefined {
    return core.consumption.progress.find(group.id, topic.id, 0)?.committed;
  }

  test('a copy has all of the message, and where it is from', async () => {
    await receive(core, group, topic, { invisibleMs: 10_000 });
    faulty.clock.advance(10_000);
    await turns();
    expect([copies(), committed()]).toEqual([1, 1]);
    const reader = await core.groups.create('support');
    const [dead] = await receive(core, reader, core.topics.get('%DLQ%billing'));
    const { properties } = dead!;
    expect({
      topic: dead?.message.topic,
      body: dead?.message.body.toString(),
      id: properties.get(PROPERTY.messageId),
      tag: properties.get(PROPERTY.tag),
      keys: properties.get(PROPERTY.keys),
      origin: properties.get(PROPERTY.deadLetterTopic),
      originId: properties.get(PROPERTY.deadLetterMessageId),
      attempt: dead?.lease.attempt,
      bornHost: dead?.message.bornHost.toString(),
    }).toEqual({
      topic: '%DLQ%billing',
      body: 'hello',
      id: 'A',
      tag: 'new',
      keys: 'k1 k2',
      origin: 'orders',
      originId: 'A',
      attempt: 1,
      bornHost: '127.0.0.1:1234',
    });
  });

  test('a copy whose mark was lost in a crash counts as the mark', async () => {
    const [delivery] = await receive(core, group, topic, { invisibleMs: 10_000 });
    core.consumption.progress.recordAcks = () => {
      throw new SluiceError('INTERNAL_ERROR', 'the mark is torn off');
    };
    await expect(core.consumption.deadLetters.move(delivery!.lease)).rejects.toThrow();
    await core.producer.whenStored(core.store.end);
    await faulty.crash('kept', 'lost');
    core = faulty.core;
    [topic, group] = [core.topics.get('orders'), core.groups.get('billing')];
    expect([copies(), committed()]).toEqual([1, 1]);
    faulty.clock.advance(10_000);
    await turns();
    expect(await receive(core, group, topic)).toEqual([]);
    expect(copies()).toBe(1);
  });

  test('one that dies again in its dead-letter topic keeps its first origin', async () => {
    await receive(core, group, topic, { invisibleMs: 10_000 });
    faulty.clock.advance(10_000);
    await turns();
    const support = await core.groups.create('support', { retryMaxTimes: 0 });
    await receive(core, support, core.topics.get('%DLQ%billing'), { invisibleMs: 10_000 });
    faulty.clock.advance(10_000);
    await turns();
    const reader = await core.groups.create('reader');
    const [dead] = await receive(core, reader, core.topics.get('%DLQ%support'));
    expect(dead?.properties.get(PROPERTY.deadLetterTopic)).toBe('orders');
  });

  test('the copy is in the log before the original is marked', async () => {
    const order: string[] = [];
    const { progress } = core.consumption;
    const { append } = core.producer;
    const { recordAcks } = progress;
    core.producer.append = (message) => {
      order.push('copy');
      return append.call(core.producer, message);
    };
    progress.recordAcks = (place, offsets) => {
      order.push('mark');
      return recordAcks.call(progress, place, offsets);
    };
    const [delivery] = await receive(core, group, topic);
    await core.consumption.deadLetters.move(delivery!.lease);
    expect(order).toEqual(['copy', 'mark']);
  });

  test('moved twice at once there is one copy', async () => {
    const [delivery] = await receive(core, group, topic);
    const { deadLetters } = core.consumption;
    await Promise.all([deadLetters.move(delivery!.lease), deadLetters.move(delivery!.lease)]);
    expect([copies(), committed()]).toEqual([1, 1]);
  });

  test('one that was acknowledged meanwhile stays where it is', async () => {
    const [delivery] = await receive(core, group, topic);
    const moving = core.consumption.deadLetters.move(delivery!.lease);
    core.consumption.acknowledger.ack(group, handleOf(core, delivery!));
    await moving;
    expect([copies(), committed()]).toEqual([0, 1]);
  });

  test('when it cannot be read the move is put off, and the message stays', async () => {
    await receive(core, group, topic, { invisibleMs: 10_000 });
    const { reader } = core.consumption;
    const { read } = reader;
    reader.read = () => Promise.reject(new Error('a damaged record'));
    faulty.clock.advance(10_000);
    await turns();
    expect([copies(), committed()]).toEqual([0, 0]);
    expect(await receive(core, group, topic)).toEqual([]); // its attempts are used up all the same
    faulty.clock.advance(CONSUME.deadLetterRetryMs - 1);
    await turns();
    expect(copies()).toBe(0);
    reader.read = read;
    faulty.clock.advance(1);
    await turns();
    expect([copies(), committed()]).toEqual([1, 1]);
  });

  test('when the log takes nothing the move is put off', async () => {
    await receive(core, group, topic, { invisibleMs: 10_000 });
    const { append } = core.producer;
    core.producer.append = () => {
      throw new SluiceError('DISK_FULL', 'no room');
    };
    faulty.clock.advance(10_000);
    await turns();
    expect([copies(), committed()]).toEqual([0, 0]);
    core.producer.append = append;
    faulty.clock.advance(CONSUME.deadLetterRetryMs);
    await turns();
    expect([copies(), committed()]).toEqual([1, 1]);
  });

  test('one that retention has taken is done with, once and for all', async () => {
    await receive(core, group, topic, { invisibleMs: 10_000 });
    topic.queues[0]?.raiseMin(1);
    faulty.clock.advance(10_000);
    await turns();
    expect([copies(), committed()]).toEqual([0, 1]);
    const progress = core.consumption.progress.find(group.id, topic.id, 0);
    expect(progress?.outstandingCount).toBe(0);
  });

  test.each(['topic', 'group'] as const)(
    'a %s that was deleted meanwhile is let go',
    async (what) => {
      const [delivery] = await receive(core, group, topic);
      await (what === 'topic' ? core.topics.delete('orders') : core.groups.delete('billing'));
      await core.consumption.deadLetters.move(delivery!.lease);
      expect(copies()).toBe(0);
    },
  );

  test('before its last attempt a message is delivered again', async () => {
    const patient = await core.groups.create('patient', { retryMaxTimes: 2 });
    for (const attempt of [1, 2, 3]) {
      const [delivery] = await receive(core, patient, topic, { invisibleMs: 10_000 });
      expect([idOf(delivery!), delivery?.lease.attempt]).toEqual(['A', attempt]);
      faulty.clock.advance(10_000);
      await turns();
    }
    expect(await receive(core, patient, topic)).toEqual([]);
    expect(core.topics.get('%DLQ%patient').queues[0]?.nextOffset).toBe(1);
  });
});
