import { expect, test } from '@jest/globals';
import type { V1ContainerStatus, V1PodStatus } from '@kubernetes/client-node';
import { podTrouble } from '#operator/reconcile/pod-trouble';
import { node, place, pod } from '#support/instance-facts';

function container(more: Partial<V1ContainerStatus>): V1PodStatus {
  const status = {
    name: 'broker',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: 3,
    ...more,
  };
  return { containerStatuses: [status] };
}

function troubleOf(status: V1PodStatus): string {
  return podTrouble(place('orders-shard-0-0', { pod: pod('orders-shard-0-0', { status }) }));
}

test.each([
  [
    container({ state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } }),
    'orders-shard-0-0: ImagePullBackOff: no such image',
  ],
  [
    container({
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1 } },
    }),
    'orders-shard-0-0 keeps ending (3 times, last with exit code 1); ' +
      'see kubectl logs --previous -n shop orders-shard-0-0',
  ],
  [
    container({ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }),
    'orders-shard-0-0 keeps ending (3 times, last with exit code 137, out of memory: raise its ' +
      'memory limit); see kubectl logs --previous -n shop orders-shard-0-0',
  ],
  [
    container({ state: { running: {} } }),
    'orders-shard-0-0 runs but is not ready yet; see kubectl describe pod -n shop orders-shard-0-0',
  ],
  [
    container({ state: { waiting: { reason: 'ContainerCreating' } } }),
    'orders-shard-0-0 is being started',
  ],
  [
    {
      conditions: [
        { type: 'PodScheduled', status: 'False', message: '0/3 nodes are available: no room' },
      ],
    },
    "orders-shard-0-0 can't be placed on a node: 0/3 nodes are available: no room",
  ],
])('what is wrong with a pod, and what to do: %#', (status, expected) => {
  expect(troubleOf(status)).toBe(expected);
});

test('a pod on a node that is gone', () => {
  const lost = place('orders-shard-0-0', { node: node('node-b', false) });
  expect(podTrouble(lost)).toBe('orders-shard-0-0 is unreachable: its node node-b is not ready');
  expect(podTrouble(place('x', { pod: undefined }))).toBe('x does not exist yet');
});
