/** Pop against a simple model: nothing lost, nothing handed out twice at once, attempts counted. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ANY_QUEUE } from '#broker/consume/polls';
import { UNMETERED } from '#broker/consume/meter';
import { TagFilter } from '#broker/consume/filter-tag';
import { CONSUME } from '#lib/limits';
import { ack, handleOf, patient } from '#support/core';
import { printSeed, runs } from '#support/property';

import { popCommands } from './pop-commands.ts';
import { PopModel } from './pop-state.ts';
import { PopSystem } from './pop-system.ts';

printSeed();

const QUEUES = 2;
const RETRIES = [1, 3];

/** Everybody leaves; whoever is left consumes the rest. */
async function drain(model: PopModel, real: PopSystem): Promise<void> {
  model.connected.clear();
  real.advance(CONSUME.autoRenewMaxMs + CONSUME.autoRenewSliceMs, model.connected);
  model.expire(real.clock.nowMs());
  await real.settle();
  for (const group of RETRIES.keys()) {
    const request = { group: real.group(group), topic: real.topic, queueId: ANY_QUEUE };
    const lease = { invisibleMs: 30_000, renewFor: undefined };
    const rest = { filter: TagFilter.parse('*'), meter: UNMETERED, ...lease };
    for (;;) {
      const all = { ...request, ...rest, batchSize: CONSUME.receiveBatchMax };
      const deliveries = await real.core.consumption.pop.receive(all, 0, patient);
      if (deliveries.length === 0) break;
      for (const delivery of deliveries) {
        const { queueId, queueOffset } = delivery.message;
        const { states } = model.at(group, queueId);
        expect(['unseen', 'free']).toContain(states[queueOffset]?.is);
        await ack(real.core, request.group, handleOf(real.core, delivery));
        states[queueOffset] = { is: 'done' };
      }
    }
  }
}

/** Nothing is left in between; what is dead has exactly one copy, which knows where it is from. */
async function expectComplete(model: PopModel, real: PopSystem): Promise<void> {
  for (const group of RETRIES.keys()) {
    const before = model.diedBefore.filter((died) => died.group === group);
    const dead = before.map(({ id }) => id);
    for (const [queue, { states }] of (model.groups[group] ?? []).entries()) {
      expect(states.filter(({ is }) => is !== 'done' && is !== 'dead')).toEqual([]);
      for (const [offset, { is }] of states.entries()) {
        if (is === 'dead') dead.push(model.sent[queue]?.[offset]?.id ?? '');
      }
      expect(real.progress(group, queue)?.committed ?? 0).toBe(states.length);
    }
    const copies = await real.deadLetters(group);
    expect(copies.map(({ id }) => id).sort()).toEqual(dead.sort());
    for (const { id, origin, originId } of copies) {
      expect({ origin, originId }).toEqual({ origin: real.topic.name, originId: id });
    }
  }
}

test('pop does what the model says, whatever happens', async () => {
  const commands = fc.commands(popCommands, { maxCommands: 60, size: 'max' });
  const property = fc.asyncProperty(commands, async (list) => {
    const model = new PopModel(QUEUES, RETRIES);
    const real = await PopSystem.open(QUEUES, RETRIES);
    try {
      await fc.asyncModelRun(() => ({ model, real }), list);
      await drain(model, real);
      await expectComplete(model, real);
    } finally {
      await real.close();
    }
  });
  await fc.assert(property, runs(30));
});
