import { describe, expect, test } from '@jest/globals';
import { newIdPrefix } from '../../bench/load/message-id.ts';
import { fromArguments, toArguments } from '../../bench/load/options.ts';
import { SendRequest } from '../../bench/load/send-request.ts';
import { Arrivals, Errors } from '../../bench/load/tally.ts';
import { decode } from './decode-send.ts';

const NOW = { dueAt: 0, duePerSecond: 0, delayMs: 0 };
const OPTIONS = { topic: 'bench', queues: 1000, bodyBytes: 1024, schedule: NOW };

describe('a prebuilt send request', () => {
  test('has its own id and a queue of the route at every patch, and the given body', () => {
    const prefix = newIdPrefix();
    const request = new SendRequest({ ...OPTIONS, idPrefix: prefix, kind: 'normal' });
    const seen = new Set<string>();
    for (const sequence of [0, 1, 127, 128, 999, 1000, 0xfedcba98]) {
      const { topic, id, queue, bodyBytes } = decode(request.patch(sequence, sequence));
      expect(id).toMatch(/^01[0-9A-F]{32}$/);
      expect(id).toBe(prefix + sequence.toString(16).toUpperCase().padStart(8, '0'));
      expect(queue).toBe(sequence % 1000);
      expect([topic, bodyBytes]).toEqual(['bench', 1024]);
      seen.add(id);
    }
    expect(seen.size).toBe(7);
  });
});

describe('what a run counts', () => {
  test('a message that comes again is not new; senders have their own numbers', () => {
    const arrivals = new Arrivals();
    const [one, other] = ['A'.repeat(26), 'B'.repeat(26)];
    const ids = [`${one}00000001`, `${one}00FFFFFF`, `${other}00000001`, `${one}00000001`];
    expect(ids.map((id) => arrivals.add(Buffer.from(`..${id}`), 2))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([arrivals.distinct, arrivals.again]).toEqual([3, 1]);
  });

  test('no error is left out, however many texts there are', () => {
    const errors = new Errors();
    for (let index = 0; index < 100; index++) errors.add(`error ${index}`);
    expect(errors.report().reduce((sum, { count }) => sum + count, 0)).toBe(100);
  });
});

describe('options of the generator', () => {
  test('are read as they were written', () => {
    const options = { mode: 'drain', topics: ['a', 'b'], warmupMessages: 7, ack: 'batch' } as const;
    expect(fromArguments(toArguments(options))).toMatchObject(options);
  });

  test('that make no sense are refused', () => {
    expect(() => fromArguments(['--mode', 'fly'])).toThrow('--mode');
    expect(() => fromArguments(['--seconds', 'x'])).toThrow('--seconds');
    expect(() => fromArguments(['--colour', 'red'])).toThrow('colour');
  });
});
