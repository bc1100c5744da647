/** Ids of every kind, sent again and again among restarts and crashes, against a set in memory. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { sendMessage } from '#broker/grpc/send-message';
import { RESENT } from '#lib/limits';
import { Code } from '#proto/codes';
import { codec } from '#proto/messages';
import { MessageType } from '#proto/types';
import { FaultyCore } from '#support/faulty-core';
import { printSeed, runs } from '#support/property';
import { readAll } from '#support/reopened';
import { TestCall, encode, servicesOf } from '#support/services';

const answer = codec('SendMessageResponse');
const SEGMENT_BYTES = 4096;

printSeed();

/** Few, so that they come again; of all sorts, also such as are refused. */
const ids = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom('', ' ', 'a', 'A', 'a ', '\u0001', 'UNIQ_KEY', '__proto__', 'x'.repeat(129)),
    fc.stringMatching(/^01[0-9A-F]{32}$/),
  ),
  { minLength: 1, maxLength: 12 },
);

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ send: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ advance: RESENT.windowMs / 4 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom({ end: 'restart' }, { end: 'crash' }, { end: 'lost' }),
    },
  ),
  { maxLength: 30 },
);

type Step = { send: number[] } | { advance: number } | { end: string };

/** What was answered, and when: an id that is older may be known or not. */
interface Known {
  offset: number;
  sinceMs: number;
}

class System {
  readonly faulty: FaultyCore;
  readonly #ids: readonly string[];
  readonly #known = new Map<string, Known>();
  stored = 0;

  constructor(faulty: FaultyCore, list: readonly string[]) {
    this.faulty = faulty;
    this.#ids = list;
  }

  async step(step: Step): Promise<void> {
    const { faulty } = this;
    if ('advance' in step) await faulty.clock.advanceAsync(step.advance);
    else if ('send' in step) await this.#sendAll(step.send);
    else if (step.end === 'restart') await faulty.restart();
    else await faulty.crash('dropped', step.end === 'lost' ? 'lost' : 'left');
  }

  async #sendAll(numbers: readonly number[]): Promise<void> {
    const list = numbers.map((number) => this.#ids[number % this.#ids.length] as string);
    const messages = list.map((messageId) => ({
      topic: { name: 'orders' },
      body: Buffer.from('x'),
      systemProperties: { messageId, messageType: MessageType.NORMAL },
    }));
    const { core, clock } = this.faulty;
    const request = encode('SendMessageRequest', { messages });
    const sent = sendMessage.handle(request, new TestCall(), servicesOf(core, clock));
    const results = await Promise.resolve(sent).then(
      (bytes) => answer.decode(bytes).entries,
      () => [],
    );
    for (const [i, { status, offset }] of results.entries()) {
      if (status?.code === Code.OK) this.#answered(list[i] as string, offset);
    }
  }

  #answered(id: string, offset: number): void {
    const nowMs = this.faulty.clock.nowMs();
    const known = this.#known.get(id);
    if (known && nowMs - known.sinceMs <= RESENT.windowMs) {
      expect({ id, offset }).toEqual({ id, offset: known.offset });
    }
    if (known?.offset === offset) return;
    this.#known.set(id, { offset, sinceMs: nowMs });
    this.stored++;
  }
}

test('an id that comes again is one message, whatever it is made of', async () => {
  const property = fc.asyncProperty(ids, steps, async (list, todo) => {
    const faulty = await FaultyCore.open({ segmentBytes: SEGMENT_BYTES });
    try {
      await faulty.core.topics.create('orders', 'normal', 1);
      const system = new System(faulty, list);
      for (const step of todo) await system.step(step);
      expect(await readAll(faulty.core)).toHaveLength(system.stored);
    } finally {
      await faulty.dispose();
    }
  });
  await fc.assert(property, runs(40));
}, 120_000);
