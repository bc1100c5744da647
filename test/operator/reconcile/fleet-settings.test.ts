import type { V1Node } from '@kubernetes/client-node';
import { expect, test } from '@jest/globals';
import { FLEET_FILE } from '#kube/names';
import { CONFIG_MAPS, SERVICES } from '#kube/resources';
import type { KubeObject, ResourceType } from '#kube/types';
import { fleetSettings } from '#operator/reconcile/fleet-settings';
import type { Pass, Tools } from '#operator/reconcile/pass';
import { complete, facts, shard } from '#support/instance-facts';

const instance = complete({ shards: 1, listeners: [{ name: 'external', type: 'NodePort' }] });
const here: V1Node = { status: { addresses: [{ type: 'InternalIP', address: '10.0.0.7' }] } };

/** The settings as they are now, with the shard's pod on a node or on none. */
function settings(where: V1Node | undefined, text: string | undefined) {
  const known: Record<string, KubeObject> = {
    [SERVICES.plural]: { spec: { ports: [{ nodePort: 30_100 }] } } as KubeObject,
    ...(text && { [CONFIG_MAPS.plural]: { data: { [FLEET_FILE]: text } } as KubeObject }),
  };
  const caches = { get: ({ plural }: ResourceType<KubeObject>) => known[plural] };
  const pass = { instance, facts: facts([shard(0, { node: where })]) } as unknown as Pass;
  const tools = { caches, clusterDomain: 'cluster.local' } as unknown as Tools;
  return fleetSettings(pass, tools, new Set());
}

const addressOf = (found: ReturnType<typeof settings>) =>
  found.settings.brokers['orders-shard-0']?.listeners['external'];

test('a pod without a node keeps the address that clients were told', () => {
  const before = settings(here, undefined);
  expect(addressOf(before)).toBe('10.0.0.7:30100');
  const away = settings(undefined, JSON.stringify(before.settings));
  expect(away).toEqual(before);
});

test('without one that was told, or one that can be read, the address is missing', () => {
  for (const text of [undefined, '{"brokers": 1}']) {
    const found = settings(undefined, text);
    expect(addressOf(found)).toBeUndefined();
    expect(found.missing).toHaveLength(1);
  }
});
