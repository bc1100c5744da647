import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { until } from '#support/until';
import type { Scenario } from '../scenario.ts';
import { differs, uniqueName } from '../target.ts';
import { idsOf, sendMany } from './collect.ts';

const PROGRAM = fileURLToPath(new URL('../holding-member.ts', import.meta.url));

export const killedMember: Scenario = {
  timeoutMs: 240_000,
  name: 'what a push consumer held when it was killed goes to another member',
  async run({ target, clients }) {
    const topic = uniqueName('killed');
    const group = uniqueName('g_killed');
    await Promise.all([target.createTopic(topic, 'normal', 4), target.createGroup(group)]);
    const producer = await clients.producer([topic]);
    const child = spawn(process.execPath, [PROGRAM, target.endpoints, topic, group], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const held = new Set<string>();
    createInterface({ input: child.stdout }).on('line', (id) => held.add(id));
    const ids = await sendMany(producer, topic, 60);
    try {
      await until(20_000, () => held.size >= 20);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }

    const survivor = await clients.pushConsumer({ group, topic });
    const takenOverMs = differs(target, {
      sluice: 30_000,
      rocketmq: 180_000,
      why: 'the proxy renews the leases of a lost client until its heartbeats are missed for 2 min',
    });
    await until(
      takenOverMs,
      () => idsOf(survivor.received).length === ids.length,
      () => `${idsOf(survivor.received).length} of ${ids.length} came, ${held.size} were held`,
    );
    expect(idsOf(survivor.received)).toEqual(ids.toSorted());
  },
};
