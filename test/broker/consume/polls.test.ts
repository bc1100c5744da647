import { beforeEach, describe, expect, test } from '@jest/globals';

import { ANY_QUEUE, Polls } from '#broker/consume/polls';
import { SluiceError } from '#lib/errors';
import { CONSUME } from '#lib/limits';

const GROUP = 1;
const OTHER_GROUP = 2;
const TOPIC = 10;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('long polls', () => {
  let polls: Polls;
  let errors: unknown[];
  /** What there is to hand out; each attempt that succeeds takes one. */
  let available: number;
  let served: string[];

  beforeEach(() => {
    errors = [];
    available = 0;
    served = [];
    polls = new Polls((error) => errors.push(error));
  });

  function wait(
    name: string,
    { group = GROUP, topic = TOPIC, queue = ANY_QUEUE } = {},
  ): () => void {
    const stop = polls.add(group, topic, queue, {
      takes: true,
      attempt: () => {
        if (available === 0) return Promise.resolve(false);
        available--;
        served.push(name);
        stop();
        return Promise.resolve(true);
      },
      end: () => {
        served.push(`${name} ended`);
        stop();
      },
    });
    return stop;
  }

  async function wake(count: number, queue = 0, group?: number): Promise<void> {
    available += count;
    polls.wake(TOPIC, queue, group);
    await turn();
  }

  test('one message wakes one receiver: the one that has waited longest', async () => {
    for (const name of ['a', 'b', 'c']) wait(name);
    await wake(1);
    expect(served).toEqual(['a']);
    expect(polls.count).toBe(2);
    await wake(1);
    await wake(1);
    expect(served).toEqual(['a', 'b', 'c']);
    expect(polls.count).toBe(0);
  });

  test('whoever comes again waits behind the others', async () => {
    wait('a');
    wait('b');
    await wake(1);
    wait('a');
    await wake(1);
    await wake(1);
    expect(served).toEqual(['a', 'b', 'a']);
  });

  test('several messages at once serve as many receivers', async () => {
    for (const name of ['a', 'b', 'c']) wait(name);
    await wake(2);
    expect(served).toEqual(['a', 'b']);
  });

  test('each group has its own; waking one leaves the other alone', async () => {
    wait('a');
    wait('b', { group: OTHER_GROUP });
    await wake(1, 0, OTHER_GROUP);
    expect(served).toEqual(['b']);
    wait('b', { group: OTHER_GROUP });
    await wake(2);
    expect(served.sort()).toEqual(['a', 'b', 'b']);
  });

  test('a receiver at one queue is not woken for another, nor for another topic', async () => {
    wait('one', { queue: 1 });
    wait('elsewhere', { topic: TOPIC + 1 });
    await wake(1, 0);
    expect(served).toEqual([]);
    await wake(0, 1);
    expect(served).toEqual(['one']);
  });

  test('who stopped waiting is asked no more', async () => {
    const stop = wait('a');
    wait('b');
    stop();
    stop();
    expect(polls.count).toBe(1);
    await wake(1);
    expect(served).toEqual(['b']);
  });

  test('what comes while receivers are being served is not missed', async () => {
    let release: (found: boolean) => void = () => undefined;
    let attempts = 0;
    const stop = polls.add(GROUP, TOPIC, ANY_QUEUE, {
      takes: true,
      attempt: () => {
        attempts++;
        return new Promise((resolve) => (release = resolve));
      },
      end: () => undefined,
    });
    polls.wake(TOPIC, 0);
    polls.wake(TOPIC, 0); // while the first attempt is under way
    release(false);
    await turn();
    expect(attempts).toBe(2);
    release(false);
    await turn();
    expect(attempts).toBe(2);
    stop();
  });

  test('a failure of one is told, and the next wake serves again', async () => {
    const stop = polls.add(GROUP, TOPIC, ANY_QUEUE, {
      takes: true,
      attempt: () => Promise.reject(new Error('no')),
      end: () => undefined,
    });
    await wake(1);
    expect(errors).toHaveLength(1);
    stop();
    wait('b');
    await wake(0);
    expect(served).toEqual(['b']);
  });

  test(`at most ${CONSUME.pollsPerGroupTopicMax} of one group wait for one topic`, () => {
    const poll = { takes: true, attempt: () => Promise.resolve(false), end: () => undefined };
    const stops = Array.from({ length: CONSUME.pollsPerGroupTopicMax }, () =>
      polls.add(GROUP, TOPIC, ANY_QUEUE, { ...poll }),
    );
    expect(() => polls.add(GROUP, TOPIC, ANY_QUEUE, { ...poll })).toThrow(
      expect.objectContaining({
        code: 'TOO_MANY_REQUESTS',
        message: expect.stringContaining(String(CONSUME.pollsPerGroupTopicMax)),
      }),
    );
    polls.add(OTHER_GROUP, TOPIC, ANY_QUEUE, { ...poll });
    stops[0]?.();
    polls.add(GROUP, TOPIC, ANY_QUEUE, { ...poll });
  });

  test('closing answers all that wait, and nobody waits after that', () => {
    wait('a');
    wait('b', { group: OTHER_GROUP, queue: 3 });
    polls.close();
    expect(served.sort()).toEqual(['a ended', 'b ended']);
    expect(polls.count).toBe(0);
    expect(() => wait('c')).toThrow(SluiceError);
    expect(() => wait('c')).toThrow(expect.objectContaining({ code: 'SHUTTING_DOWN' }));
  });

  test('one that takes nothing away does not keep the next from looking', async () => {
    const asked: string[] = [];
    const add = (name: string, takes: boolean): void => {
      const attempt = (): Promise<boolean> => {
        asked.push(name);
        return Promise.resolve(false);
      };
      polls.add(GROUP, TOPIC, 3, { attempt, takes, end: () => undefined });
    };
    add('pull', false);
    add('pop', true);
    add('behind', true);
    polls.wake(TOPIC, 3);
    await turn();
    expect(asked).toEqual(['pull', 'pop']);
  });
});
