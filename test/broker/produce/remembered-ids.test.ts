import { describe, expect, test } from '@jest/globals';

import { RememberedIds } from '#broker/produce/remembered-ids';
import type { KeyHash, KeyHashes } from '#broker/store/key-index';
import { RESENT } from '#lib/limits';
import { ManualClock } from '#support/manual-clock';
import { seededRandom } from '#support/random';

const WORD = 2 ** 32;

/** As many different hashes as wanted, always the same. */
function hashes(count: number, seed = 1): KeyHash[] {
  const random = seededRandom(seed);
  const word = (): number => Math.floor(random() * WORD);
  return Array.from({ length: count }, () => ({ high: word(), low: word() }));
}

function hashesOf(list: readonly KeyHash[], count = list.length): KeyHashes {
  return { count, forEach: (visit) => list.forEach(({ high, low }) => visit(high, low)) };
}

/** As a message that was never seen before. */
function add(ids: RememberedIds, hash: KeyHash, position: number): void {
  ids.find(hash);
  ids.add(hash, position);
}

describe('ids that are remembered', () => {
  test('are known for 10 minutes, and then no more', () => {
    const clock = new ManualClock();
    const ids = new RememberedIds(clock);
    const some = hashes(1000);
    for (const [i, hash] of some.entries()) add(ids, hash, i * 100);
    clock.advance(RESENT.windowMs);
    for (const hash of some) expect(ids.find(hash)).toHaveLength(1);
    clock.advance(1);
    for (const hash of some) expect(ids.find(hash)).toEqual([]);
    expect(ids.bytes).toBe(0);
  });

  test('are found in the part of the log that they came in', () => {
    const clock = new ManualClock();
    const ids = new RememberedIds(clock);
    const [early, late, other] = hashes(3) as [KeyHash, KeyHash, KeyHash];
    add(ids, early, 1000);
    clock.advance(RESENT.filterMs);
    add(ids, late, 5000);
    add(ids, early, 6000);
    expect(ids.find(late)).toMatchObject([{ from: 5000, to: Infinity }]);
    const both = [
      { from: 5000, to: Infinity },
      { from: 1000, to: 5000 },
    ];
    expect(ids.find(early)).toMatchObject(both);
    expect(ids.find(other)).toEqual([]);
  });

  test('take memory as they come, and never more than allowed', () => {
    const clock = new ManualClock();
    const ids = new RememberedIds(clock);
    add(ids, { high: 1, low: 2 }, 0);
    expect(ids.bytes).toBe(RESENT.filterBytesMin);
    const random = seededRandom(7);
    let bytesMax = 0;
    for (let i = 0; i < 1_500_000; i++) {
      if (i % 25 === 0) clock.advance(1);
      add(ids, { high: Math.floor(random() * WORD), low: Math.floor(random() * WORD) }, i);
      bytesMax = Math.max(bytesMax, ids.bytes);
    }
    expect(bytesMax).toBeLessThan(RESENT.bytesMax);
    expect(ids.forgotten).toBe(0);
    let wrong = 0;
    for (const hash of hashes(100_000, 8)) wrong += ids.find(hash).length;
    expect(wrong).toBeLessThan(100);
  });

  test('of a load beyond all measure go early, the oldest first', () => {
    const clock = new ManualClock();
    const ids = new RememberedIds(clock);
    const filterIds = Math.floor((RESENT.filterBytesMax * 8) / RESENT.bitsPerId);
    const [first, second] = hashes(2) as [KeyHash, KeyHash];
    const parts = Math.floor(RESENT.bytesMax / RESENT.filterBytesMax);
    // The newest part of the log first, as at a start.
    for (let i = parts; i > 0; i--) {
      const range = { from: i * 1000, to: (i + 1) * 1000, sinceMs: 0 };
      expect(ids.refill(range, hashesOf([i === 1 ? first : second], filterIds))).toBe(true);
    }
    const older = { from: 0, to: 1000, sinceMs: 0 };
    expect(ids.refill(older, hashesOf([first], filterIds))).toBe(false);
    expect(ids.bytes).toBe(RESENT.bytesMax);
    expect(ids.find(first)).toHaveLength(1);
    add(ids, first, 100_000);
    expect(ids.forgotten).toBe(1);
    expect(ids.find(first)).toMatchObject([{ from: 100_000 }]);
    expect(ids.find(second)).toHaveLength(parts - 1);
    expect(ids.bytes).toBeLessThanOrEqual(RESENT.bytesMax);
  });

  test('of 25,000 messages a second for 10 minutes have room', () => {
    const filterIds = Math.floor((RESENT.filterBytesMax * 8) / RESENT.bitsPerId);
    // The newest filter may be empty yet.
    const filters = Math.floor(RESENT.bytesMax / RESENT.filterBytesMax) - 1;
    expect(filters * filterIds).toBeGreaterThan((25_000 * RESENT.windowMs) / 1000);
  });

  test('of a process before are taken in with the time since which they count', () => {
    const clock = new ManualClock();
    const ids = new RememberedIds(clock);
    const old = hashes(100, 3);
    expect(ids.refill({ from: 0, to: 500, sinceMs: 77 }, hashesOf(old))).toBe(true);
    const [fresh] = hashes(1, 4) as [KeyHash];
    add(ids, fresh, 500);
    for (const hash of old) expect(ids.find(hash)).toMatchObject([{ from: 0, to: 500 }]);
    expect(ids.find(old[0] as KeyHash)).toMatchObject([{ sinceMs: 77 }]);
    expect(ids.find(fresh)).toMatchObject([{ from: 500, sinceMs: 0 }]);
  });
});
