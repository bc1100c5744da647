import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { Caller } from '#broker/store/members';
import { CAUSE } from '#broker/consume/progress-records';
import type { Delivery } from '#broker/consume/pop';
import { messageTrace } from '#broker/core-admin/trace';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { printSeed, runs } from '#support/property';

printSeed();

const INVISIBLE_MS = 10_000;
const GROUPS = ['billing', 'audit'] as const;

interface Held {
  group: number;
  delivery: Delivery;
  by: Caller;
}

type Step =
  | { do: 'send'; count: number }
  | { do: 'receive'; group: number; count: number; by: number }
  | { do: 'ack' | 'postpone'; choice: number }
  | { do: 'wait'; ms: number }
  | { do: 'index' }
  | { do: 'restart'; index: 'left' | 'lost' };

const choice = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('send'), count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('receive'),
      group: fc.nat(GROUPS.length - 1),
      count: fc.integer({ min: 1, max: 5 }),
      by: fc.nat(2),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('ack', 'postpone'), choice }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.nat(INVISIBLE_MS + 100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('index') }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('restart'), index: fc.constantFrom('left', 'lost') }),
  },
);

/** What was really done, told in the words in which a trace is read below. */
class Scene {
  readonly faulty: FaultyCore;
  readonly told = new Map<string, string[]>();
  #held: Held[] = [];
  #sent = 0;

  constructor(faulty: FaultyCore) {
    this.faulty = faulty;
  }

  #topic() {
    return this.faulty.core.topics.get('orders');
  }

  #group(index: number) {
    return this.faulty.core.groups.get(GROUPS[index] as string);
  }

  #note(id: string, group: number, what: string): void {
    this.told.get(id)?.push(`${GROUPS[group]} ${what}`);
  }

  async run(next: Step): Promise<void> {
    const { core, clock } = this.faulty;
    switch (next.do) {
      case 'send':
        for (let i = 0; i < next.count; i++) {
          const id = `M${this.#sent++}`;
          this.told.set(id, []);
          await send(core, this.#topic(), { id, queueId: this.#sent % 2 });
        }
        return;
      case 'receive':
        return this.#receive(next.group, next.count, next.by);
      case 'ack':
      case 'postpone':
        return this.#settle(next.do, next.choice);
      case 'wait':
        clock.advance(next.ms);
        return;
      case 'index':
        return core.store.materialize();
      case 'restart':
        await core.store.whenCommitted(core.store.end);
        return this.faulty.crash('dropped', next.index);
    }
  }

  async #receive(group: number, batchSize: number, who: number): Promise<void> {
    const { core, clock } = this.faulty;
    const by = { clientId: `client-${who}`, peer: `10.0.0.${who}:1`, language: 'JAVA' };
    const options = { batchSize, caller: by, invisibleMs: INVISIBLE_MS };
    for (const delivery of await receive(core, this.#group(group), this.#topic(), options)) {
      const { attempt } = delivery.lease;
      this.#held.push({ group, delivery, by });
      this.#note(idOf(delivery), group, `handed-out ${attempt} at ${clock.nowMs()} by ${who}`);
    }
  }

  /** If it still may: whoever is too late is told so, and leaves no trace. */
  async #settle(what: 'ack' | 'postpone', chosen: number): Promise<void> {
    const { core, clock } = this.faulty;
    const [held] = this.#held.splice(chosen % Math.max(1, this.#held.length), 1);
    if (!held) return;
    const { group, delivery, by } = held;
    const handle = handleOf(core, delivery);
    const wasThere = this.#isHeld(held);
    try {
      if (what === 'ack') await ack(core, this.#group(group), handle);
      else {
        const { acknowledger } = core.consumption;
        acknowledger.changeInvisible(this.#group(group), handle, 5000, CAUSE.postponed, by);
      }
    } catch {
      return;
    }
    const kind = what === 'ack' ? 'acknowledged' : 'postponed';
    const { attempt } = delivery.lease;
    if (wasThere) this.#note(idOf(delivery), group, `${kind} ${attempt} at ${clock.nowMs()}`);
  }

  #isHeld({ delivery }: Held): boolean {
    const { groupId, topicId, queueId } = delivery.lease.progress;
    const { progress } = this.faulty.core.consumption;
    return progress.find(groupId, topicId, queueId)?.lease(delivery.lease.offset) !== undefined;
  }
}

async function read({ faulty }: Scene, id: string): Promise<string[]> {
  const { core, clock } = faulty;
  const { events } = await messageTrace(core, clock, { topic: undefined, message: { id } });
  const told = events.slice(2).filter(({ kind }) => kind !== 'timed-out');
  return told.map(({ group, kind, attempt, atMs, by }) => {
    const who = kind === 'handed-out' ? ` by ${by?.clientId.slice('client-'.length)}` : '';
    return `${group} ${kind} ${attempt} at ${atMs}${who}`;
  });
}

test('each delivery is in the trace once, with what became of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const faulty = await FaultyCore.open({ segmentBytes: 2048 });
      try {
        await faulty.core.topics.create('orders', 'normal', 2);
        for (const name of GROUPS) await faulty.core.groups.create(name);
        const scene = new Scene(faulty);
        for (const next of steps) await scene.run(next);
        await faulty.core.store.whenCommitted(faulty.core.store.end);
        for (const [id, told] of scene.told) expect(await read(scene, id)).toEqual(told);
      } finally {
        await faulty.dispose();
      }
    }),
    runs(60),
  );
}, 60_000);
