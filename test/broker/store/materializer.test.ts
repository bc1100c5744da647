import { describe, expect, test } from '@jest/globals';

import { Materializer } from '#broker/store/materializer';
import { SluiceError } from '#lib/errors';
import { STORE } from '#lib/limits';
import { ManualClock } from '#support/manual-clock';

/** A log that ends where the test says, and an index that takes what it says. */
class Surroundings {
  readonly clock = new ManualClock();
  end = 0;
  collected = 0;
  readonly written: number[] = [];
  readonly failures: unknown[] = [];
  whenDurable: () => Promise<void> = () => Promise.resolve();
  write: () => Promise<void> = () => Promise.resolve();
  readonly materializer = new Materializer(0, {
    clock: this.clock,
    end: () => this.end,
    whenDurable: () => this.whenDurable(),
    collect: () => {
      this.collected++;
      return () => undefined;
    },
    write: async (_changes, applied) => {
      await this.write();
      this.written.push(applied);
    },
    onFailed: (error) => this.failures.push(error),
  });
}

describe('the materializer', () => {
  test('brings everything that came within a second into one batch', async () => {
    const it = new Surroundings();
    for (const end of [10, 20, 30]) {
      it.end = end;
      it.materializer.schedule();
    }
    await it.clock.advanceAsync(STORE.materializeMs - 1);
    expect(it.written).toEqual([]);
    await it.clock.advanceAsync(1);
    expect(it.written).toEqual([30]);
    expect(it.materializer.applied).toBe(30);
  });

  test('writes nothing that is not durable in the log', async () => {
    const it = new Surroundings();
    let durable = (): void => undefined;
    it.whenDurable = () => new Promise((resolve) => (durable = resolve));
    it.end = 10;
    const running = it.materializer.run();
    await it.clock.advanceAsync(0);
    it.end = 20; // came later: it is for the next batch
    await it.clock.advanceAsync(60_000);
    expect(it.written).toEqual([]);
    durable();
    await running;
    expect(it.written).toEqual([10]);
  });

  test('takes a batch when whoever asked for it has written what belongs together', async () => {
    const it = new Surroundings();
    it.end = 10;
    const running = it.materializer.run();
    expect(it.collected).toBe(0);
    it.end = 20;
    await running;
    expect(it.written).toEqual([20]);
  });

  test('keeps its batch while the disk is full, and writes it once there is room', async () => {
    const it = new Surroundings();
    it.whenDurable = () => Promise.reject(new SluiceError('DISK_FULL', 'full'));
    it.end = 10;
    await it.materializer.run();
    expect([it.written, it.materializer.failed]).toEqual([[], false]);
    it.whenDurable = () => Promise.resolve();
    it.end = 15;
    await it.clock.advanceAsync(STORE.materializeMs);
    expect([it.written, it.collected]).toEqual([[10], 1]); // the same batch, collected once
    await it.clock.advanceAsync(STORE.materializeMs);
    expect(it.written).toEqual([10, 15]);
  });

  test('leaves service when the index fails, and says so once', async () => {
    const it = new Surroundings();
    it.write = () => Promise.reject(new Error('by plan'));
    it.end = 10;
    await it.materializer.run();
    expect(it.materializer.failed).toBe(true);
    it.write = () => Promise.resolve();
    it.materializer.schedule();
    await it.clock.advanceAsync(60_000);
    await it.materializer.run();
    expect(it.written).toEqual([]);
    expect(it.failures).toHaveLength(1);
    expect(it.materializer.applied).toBe(0);
  });

  test('when closed, writes what there is and sets no timer any more', async () => {
    const it = new Surroundings();
    it.end = 10;
    it.materializer.schedule();
    await it.materializer.close();
    expect(it.written).toEqual([10]);
    it.materializer.schedule();
    expect(it.clock.pendingTimers).toBe(0);
  });
});
