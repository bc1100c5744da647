import { afterEach, describe, expect, test } from '@jest/globals';

import { send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

describe('the commit log', () => {
  let faulty: FaultyCore;

  afterEach(() => faulty.dispose());

  test('does not make segments without end when what is carried outgrows one', async () => {
    faulty = await FaultyCore.open({ segmentBytes: 1 });
    const { core } = faulty;
    const topic = await core.topics.create('orders', 'normal', 8);
    for (const id of ['A', 'B', 'C']) await send(core, topic, { id });
    expect(core.store.status.segments).toBeLessThanOrEqual(6);
  });
});
