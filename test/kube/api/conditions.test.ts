import { expect, test } from '@jest/globals';
import { conditionsOf, type Finding } from '#kube/api/conditions';

const ready: Finding = { type: 'Ready', status: 'True', reason: 'Serving', message: 'It serves.' };
const first = { generation: 1, nowMs: Date.parse('2026-01-01T00:00:00.123Z') };
const later = { generation: 2, nowMs: Date.parse('2026-01-02T00:00:00.456Z') };

test('the time is that of the last change of the status', () => {
  const before = conditionsOf([ready], [], first);
  expect(before).toEqual([
    { ...ready, observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]);
  const same = { ...ready, message: 'It serves well.' };
  expect(conditionsOf([same], before, later)).toEqual([
    { ...same, observedGeneration: 2, lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]);
  const changed = { ...ready, status: 'False' as const };
  expect(conditionsOf([changed], before, later)).toEqual([
    { ...changed, observedGeneration: 2, lastTransitionTime: '2026-01-02T00:00:00Z' },
  ]);
});

test('a message is never longer than the API server takes', () => {
  const [condition] = conditionsOf([{ ...ready, message: 'x'.repeat(40_000) }], [], first);
  expect(condition?.message).toHaveLength(32_768);
  expect(condition?.message.endsWith('x…')).toBe(true);
});
