/**
 * Others' bug, rocketmq issue 3503: after a restart the progress of a group was 0, and it got
 * everything again. Here progress is in the log, and comes back whatever is left of the index (P3).
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ack, handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

const COUNT = 10;

describe.each([
  ['a clean restart', 'clean'],
  ['a kill', 'kept'],
  ['a power loss', 'dropped'],
] as const)('progress after %s', (_name, end) => {
  let faulty: FaultyCore;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    const { core } = faulty;
    const topic = await core.topics.create('orders', 'normal', 1);
    const group = await core.groups.create('billing');
    const puller = await core.groups.create('mailing');
    for (let i = 0; i < COUNT; i++) await send(core, topic, { id: `M${i}` });
    for (const delivery of await receive(core, group, topic, { batchSize: 6 })) {
      await ack(core, group, handleOf(core, delivery));
    }
    await core.producer.whenStored(core.consumption.pull.commitOffset(puller, topic, 0, 7));
  });

  afterEach(() => faulty.dispose());

  test.each(['left', 'lost'] as const)('is what it was, with the index %s', async (index) => {
    for (let round = 0; round < 3; round++) {
      if (end === 'clean') await faulty.restart(index);
      else await faulty.crash(end, index);
      const { topics, groups, consumption } = faulty.core;
      const topic = topics.get('orders');
      const pull = consumption.pull;
      expect(pull.committedOffset(groups.get('billing'), topic, 0)).toBe(6);
      expect(pull.committedOffset(groups.get('mailing'), topic, 0)).toBe(7);
    }
    const { topics, groups } = faulty.core;
    const rest = await receive(faulty.core, groups.get('billing'), topics.get('orders'));
    expect(rest.map(idOf)).toEqual(['M6', 'M7', 'M8', 'M9']);
  });

  test('cannot be committed backwards', async () => {
    if (end === 'clean') await faulty.restart();
    else await faulty.crash(end);
    const { topics, groups, consumption } = faulty.core;
    const commit = (): number =>
      consumption.pull.commitOffset(groups.get('mailing'), topics.get('orders'), 0, 6);
    expect(commit).toThrow(expect.objectContaining({ code: 'ILLEGAL_OFFSET' }));
  });
});
