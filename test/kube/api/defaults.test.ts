import { expect, test } from '@jest/globals';
import { completeGroup, completeInstance, completeTopic } from '#kube/api/defaults';
import type { Instance, InstanceSpec, InstanceStatus } from '#kube/api/instance';

const metadata = { name: 'orders', namespace: 'shop', uid: 'u1' };
const instanceRef = { name: 'orders' };

function imageOf(spec: Partial<InstanceSpec>, status?: InstanceStatus): string {
  const instance: Instance = { metadata, spec: { edition: 'Standard', ...spec } };
  return completeInstance(status ? { ...instance, status } : instance, 'reg:5000/sluice:2').image;
}

test('the image is the one of the spec, else what it was, else the default', () => {
  expect(imageOf({})).toBe('reg:5000/sluice:2');
  expect(imageOf({}, { image: 'reg:5000/sluice:1' })).toBe('reg:5000/sluice:1');
  expect(imageOf({ image: 'mine:3' }, { image: 'reg:5000/sluice:1' })).toBe('mine:3');
});

test('a version is a tag of the repository that the image is of', () => {
  expect(imageOf({ version: '3' })).toBe('reg:5000/sluice:3');
  expect(imageOf({ version: '3' }, { image: `reg/sluice@sha256:${'0'.repeat(64)}` })).toBe(
    'reg/sluice:3',
  );
});

test('what is given wins', () => {
  const instance: Instance = {
    metadata,
    spec: {
      edition: 'Platinum',
      capacity: { tps: 7, storage: '1Ti' },
      brokerResources: { cpuLimit: '8' },
    },
  };
  const complete = completeInstance(instance, 'sluice:1');
  expect(complete).toMatchObject({ tps: 7, storage: '1Ti' });
  expect(complete.brokerResources).toMatchObject({ cpuRequest: '100m', cpuLimit: '8' });
});

test('a topic and a group are called as clients do', () => {
  expect(completeTopic({ metadata, spec: { instanceRef } }).name).toBe('orders');
  expect(completeTopic({ metadata, spec: { instanceRef, name: 'O_1' } }).name).toBe('O_1');
  const group = { metadata, spec: { instanceRef, name: 'G_1', retry: { backoffSeconds: [2] } } };
  expect(completeGroup(group, 'Standard')).toMatchObject({ name: 'G_1', backoffMs: [2000] });
});

test('pull consumers are for Platinum, whatever a group says', () => {
  const group = (pullAllowed: boolean) => ({ metadata, spec: { instanceRef, pullAllowed } });
  expect(completeGroup(group(true), 'Standard').pullAllowed).toBe(false);
  expect(completeGroup(group(true), 'Platinum').pullAllowed).toBe(true);
  expect(completeGroup(group(false), 'Platinum').pullAllowed).toBe(false);
});
