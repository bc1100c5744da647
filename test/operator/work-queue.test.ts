import { expect, test } from '@jest/globals';
import { WorkQueue, type WorkQueueOptions, type WorkResult } from '#operator/work-queue';
import { silentLog } from '#support/grpc-echo';
import { ManualClock } from '#support/manual-clock';
import { chooseSeed, integer, seededRandom } from '#support/random';

const RETRY = { initialMs: 100, maxMs: 1000, multiplier: 2 };

/** Work that the test ends when it wants to. */
class Bench {
  readonly clock = new ManualClock();
  readonly begun: string[] = [];
  readonly results: WorkResult[] = [];
  readonly #ends = new Map<string, (error?: Error) => void>();
  readonly queue: WorkQueue;
  mostOfOneKey = 0;

  constructor(options: Partial<WorkQueueOptions> = {}) {
    this.queue = new WorkQueue({
      name: 'test',
      workers: 2,
      retry: RETRY,
      log: silentLog,
      clock: this.clock,
      random: () => 0,
      work: (key) => this.#work(key),
      onResult: (result) => this.results.push(result),
      ...options,
    });
  }

  get working(): string[] {
    return [...this.#ends.keys()];
  }

  /** Ends the work on a key; `error` makes it fail. */
  async end(key: string, error?: Error): Promise<void> {
    const end = this.#ends.get(key);
    if (!end) throw new Error(`nobody works on ${key}`);
    this.#ends.delete(key);
    end(error);
    await settle();
  }

  #work(key: string): Promise<void> {
    if (this.#ends.has(key)) throw new Error(`two work on ${key}`);
    this.begun.push(key);
    return new Promise((resolve, reject) => {
      this.#ends.set(key, (error) => (error ? reject(error) : resolve()));
    });
  }
}

const FAILURE = new Error('it failed');

test('a key waits once, however often it is added', async () => {
  const { queue, begun } = new Bench();
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
  expect(queue.depth).toBe(2);
  queue.start();
  await settle();
  expect(begun).toEqual(['a', 'b']);
  expect(queue.depth).toBe(0);
});

test('no more keys at once than workers, in the order they came', async () => {
  const bench = new Bench();
  bench.queue.start();
  for (const key of ['a', 'b', 'c', 'd']) bench.queue.add(key);
  await settle();
  expect(bench.working).toEqual(['a', 'b']);
  await bench.end('b');
  expect(bench.working).toEqual(['a', 'c']);
  await bench.end('a');
  expect(bench.begun).toEqual(['a', 'b', 'c', 'd']);
  expect(bench.queue.working).toBe(2);
});

test('a key that is added while it is worked on is worked on again, afterwards', async () => {
  const bench = new Bench();
  bench.queue.start();
  bench.queue.add('a');
  await settle();
  bench.queue.add('a');
  bench.queue.add('a');
  await settle();
  expect(bench.begun).toEqual(['a']);
  expect(bench.queue.depth).toBe(1);
  await bench.end('a');
  expect(bench.begun).toEqual(['a', 'a']);
  await bench.end('a');
  expect(bench.begun).toEqual(['a', 'a']);
});

test('a key whose work fails comes back, ever later, until it works', async () => {
  const bench = new Bench();
  bench.queue.start();
  bench.queue.add('a');
  await settle();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    await bench.end('a', FAILURE);
    const startMs = bench.clock.nowMs();
    while (bench.working.length === 0) await bench.clock.advanceAsync(10);
    waits.push(bench.clock.nowMs() - startMs);
  }
  // With no jitter, half of the bound.
  expect(waits).toEqual([50, 100, 200, 400, 500, 500]);
  await bench.end('a');
  expect(bench.results.map(({ isGood }) => isGood)).toEqual([...waits.map(() => false), true]);
  // Forgotten: the next failure waits as the first did.
  bench.queue.add('a');
  await settle();
  await bench.end('a', FAILURE);
  await bench.clock.advanceAsync(49);
  expect(bench.working).toEqual([]);
  await bench.clock.advanceAsync(1);
  expect(bench.working).toEqual(['a']);
});

test('waits are jittered, and the same again from the same seed', async () => {
  const waitsOf = async (seed: number): Promise<number[]> => {
    const bench = new Bench({ random: seededRandom(seed) });
    bench.queue.start();
    const waits: number[] = [];
    for (const key of ['a', 'b', 'c']) {
      bench.queue.add(key);
      await settle();
      await bench.end(key, FAILURE);
      const startMs = bench.clock.nowMs();
      while (!bench.working.includes(key)) await bench.clock.advanceAsync(1);
      waits.push(bench.clock.nowMs() - startMs);
      await bench.end(key);
    }
    return waits;
  };
  const waits = await waitsOf(7);
  expect(new Set(waits).size).toBeGreaterThan(1);
  for (const waitMs of waits) expect(waitMs).toBeGreaterThanOrEqual(RETRY.initialMs / 2);
  for (const waitMs of waits) expect(waitMs).toBeLessThanOrEqual(RETRY.initialMs + 1);
  expect(await waitsOf(7)).toEqual(waits);
});

test('a change brings a key back at once that waits for its next attempt', async () => {
  const bench = new Bench();
  bench.queue.start();
  bench.queue.add('a');
  await settle();
  await bench.end('a', FAILURE);
  bench.queue.add('a');
  await settle();
  expect(bench.working).toEqual(['a']);
  await bench.end('a');
  // The attempt that was planned is not made as well.
  await bench.clock.advanceAsync(10_000);
  expect(bench.begun).toEqual(['a', 'a']);
  expect(bench.clock.pendingTimers).toBe(0);
});

test('a key that fails for ever keeps no other waiting', async () => {
  const done: string[] = [];
  const clock = new ManualClock();
  const queue = new WorkQueue({
    name: 'test',
    workers: 1,
    retry: RETRY,
    log: silentLog,
    clock,
    work: async (key) => {
      if (key.startsWith('bad')) throw FAILURE;
      done.push(key);
    },
  });
  queue.start();
  for (let bad = 0; bad < 50; bad += 1) queue.add(`bad-${bad}`);
  for (let second = 0; second < 100; second += 1) {
    queue.add(`good-${second}`);
    await clock.advanceAsync(1000);
    await settle();
    expect(done).toContain(`good-${second}`);
  }
  await queue.stop();
});

test('of several delays the soonest counts, and only once', async () => {
  const bench = new Bench();
  bench.queue.start();
  bench.queue.addAfter('a', 300);
  bench.queue.addAfter('a', 100);
  bench.queue.addAfter('a', 200);
  await bench.clock.advanceAsync(99);
  expect(bench.working).toEqual([]);
  expect(bench.queue.depth).toBe(0);
  await bench.clock.advanceAsync(1);
  expect(bench.working).toEqual(['a']);
  await bench.end('a');
  await bench.clock.advanceAsync(1000);
  expect(bench.begun).toEqual(['a']);
});

test('depth and age tell how far behind it is', async () => {
  const bench = new Bench({ workers: 1 });
  expect(bench.queue.oldestAgeMs).toBe(0);
  bench.queue.start();
  bench.queue.add('a');
  await settle();
  bench.clock.advance(1000);
  bench.queue.add('b');
  bench.clock.advance(500);
  bench.queue.add('a');
  bench.clock.advance(250);
  expect(bench.queue.depth).toBe(2);
  expect(bench.queue.oldestAgeMs).toBe(750);
  await bench.end('a');
  expect(bench.results).toEqual([{ key: 'a', isGood: true, ms: 1750 }]);
  // What came while it was worked on has its turn behind what waited.
  expect(bench.working).toEqual(['b']);
  expect(bench.queue.oldestAgeMs).toBe(250);
});

test('a stop waits for what is under way and begins nothing more', async () => {
  const signals: AbortSignal[] = [];
  let end: () => void = () => undefined;
  const clock = new ManualClock();
  const begun: string[] = [];
  const queue = new WorkQueue({
    name: 'test',
    workers: 1,
    log: silentLog,
    clock,
    work: (key, signal) => {
      begun.push(key);
      signals.push(signal);
      return new Promise((resolve) => {
        end = resolve;
      });
    },
  });
  queue.start();
  for (const key of ['a', 'b']) queue.add(key);
  queue.addAfter('c', 10);
  await settle();
  expect(signals[0]?.aborted).toBe(false);
  let isStopped = false;
  const stopped = queue.stop().then(() => {
    isStopped = true;
  });
  await settle();
  expect(signals[0]?.aborted).toBe(true);
  expect(isStopped).toBe(false);
  queue.add('d');
  queue.addAfter('e', 1);
  end();
  await stopped;
  await clock.advanceAsync(1000);
  expect(begun).toEqual(['a']);
  expect(queue.depth).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('whatever happens, what was added last is worked on after it was added', async () => {
  const seed = chooseSeed();
  console.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  const bench = new Bench({ workers: 3, random });
  bench.queue.start();
  const added = new Map<string, number>();
  const begun = new Map<string, number>();
  let step = 0;
  const note = (): void => {
    for (const key of bench.begun.splice(0)) begun.set(key, step);
  };
  for (step = 1; step < 2000; step += 1) {
    const key = `key-${integer(random, 8)}`;
    const [working = ''] = bench.working.sort(() => random() - 0.5);
    const choice = integer(random, 5);
    if (choice <= 1) added.set(key, step);
    if (choice === 0) bench.queue.add(key);
    if (choice === 1) bench.queue.addAfter(key, integer(random, 300));
    if (choice === 2 && working !== '') await bench.end(working);
    if (choice === 3 && working !== '') await bench.end(working, FAILURE);
    if (choice === 4) await bench.clock.advanceAsync(integer(random, 400));
    await settle();
    note();
  }
  while (bench.working.length > 0 || bench.clock.pendingTimers > 0) {
    step += 1;
    await bench.clock.advanceAsync(1000);
    for (const key of bench.working) await bench.end(key);
    note();
  }
  for (const [key, atStep] of added) expect(begun.get(key)).toBeGreaterThanOrEqual(atStep);
  expect(bench.queue.depth).toBe(0);
});

/** Lets everything run on that needs no time. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
