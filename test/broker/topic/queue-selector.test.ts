import { expect, test } from '@jest/globals';

import { QueueSelector } from '#broker/topic/queue-selector';
import type { Topic } from '#broker/topic/topics';
import { Text } from '#proto/text';

const withQueues = (count: number): Topic => ({ queues: Array.from({ length: count }) }) as Topic;
const groups = Array.from({ length: 4000 }, (_, i) => Text.of(`order-${i}`));

test('without a message group each queue has its turn', () => {
  const selector = new QueueSelector();
  const chosen = Array.from({ length: 8 }, () => selector.select(withQueues(4)));
  expect(chosen.toSorted()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
});

test('a message group always goes to the same queue, at every broker', () => {
  const topic = withQueues(8);
  const chosen = groups.map((group) => new QueueSelector().select(topic, group));
  const selector = new QueueSelector();
  expect(groups.map((group) => selector.select(topic, group))).toEqual(chosen);
  for (let queue = 0; queue < 8; queue++) {
    const share = chosen.filter((each) => each === queue).length / groups.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.15);
  }
  // Stored messages depend on it: it must never be another function.
  expect(chosen.slice(0, 12).join('')).toBe('056355673620');
});

test('when the topic grows, only those message groups move that go to the new queue', () => {
  const selector = new QueueSelector();
  let moved = 0;
  for (const group of groups) {
    const before = selector.select(withQueues(8), group);
    const after = selector.select(withQueues(9), group);
    if (before === after) continue;
    moved++;
    expect(after).toBe(8);
  }
  expect(moved / groups.length).toBeLessThan(1 / 9 + 0.02);
});
