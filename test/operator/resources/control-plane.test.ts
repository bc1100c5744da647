import { randomInt } from 'node:crypto';
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { expect, test } from '@jest/globals';
import type { CompleteInstance } from '#kube/api/defaults';
import type { InstanceSpec } from '#kube/api/instance';
import { INSTANCES, NAMESPACES, PERSISTENT_VOLUME_CLAIMS, PODS, SECRETS } from '#kube/resources';
import { keyOf, type KubeObject, type ResourceType } from '#kube/types';
import { contains } from '#operator/apply/contains';
import type { Wanted } from '#operator/apply/applier';
import { fleetSecret } from '#operator/resources/fleet-secret';
import { installRoutes } from '#support/gateway-api';
import { describeWithCluster, unrestricted, type TestCluster } from '#support/kube';
import { until } from '#support/until';
import { QUANTITIES } from './quantities.ts';
import { complete, objectsOf, SAMPLES, SPECS } from './samples.ts';

const WAIT_MS = 30_000;

const POD_TEMPLATES: ResourceType<KubeObject & { template: object }> = {
  group: '',
  version: 'v1',
  plural: 'podtemplates',
  kind: 'PodTemplate',
  namespaced: true,
  verbs: [],
};

describeWithCluster('objects of instances at a real API server', (cluster) => {
  test.each(SAMPLES)(
    '%s: what is there contains what is wanted, and applying it again changes nothing',
    async (sample) => {
      await installRoutes(cluster().client);
      const wanted = allObjects(await create(cluster(), sample, portOf(SPECS[sample])));
      const first = await applyAll(cluster(), wanted);
      const missing = wanted.filter(({ object }, index) => !contains(first[index], object));
      expect(missing.map(({ type, object }) => `${type.kind} ${keyOf(object)}`)).toEqual([]);
      const again = await applyAll(cluster(), wanted);
      expect(again.map(specOf)).toEqual(first.map(specOf));
    },
    WAIT_MS,
  );

  test(
    'their pods are let in where Pod Security is `restricted`, with a claim for each broker',
    async () => {
      const { client, namespace } = cluster();
      const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
      const patch = { metadata: { labels } };
      await client.mergePatch(unrestricted(NAMESPACES), { name: namespace }, patch);
      const instance = await create(cluster(), 'restricted', SPECS.standard);
      await applyAll(cluster(), allObjects(instance));
      const expected = ['nameserver-0', 'nameserver-1', 'shard-0-0', 'shard-1-0'];
      const names = expected.map((name) => `restricted-${name}`);
      const labelSelector = `app.kubernetes.io/instance=${instance.name}`;
      const pods = await until(WAIT_MS, async () => {
        const { items } = await client.list(PODS, { namespace, labelSelector });
        return items.length === names.length && items;
      });
      expect(pods.map(({ metadata }) => metadata?.name).sort()).toEqual(names);
      const claims = await client.list(PERSISTENT_VOLUME_CLAIMS, { namespace, labelSelector });
      expect(claims.items.map(sizeOf)).toEqual([
        ['data-restricted-shard-0-0', '10Gi'],
        ['data-restricted-shard-1-0', '10Gi'],
      ]);
    },
    WAIT_MS,
  );

  test('quantities are written as the API server writes them', async () => {
    const { client, namespace } = cluster();
    const containers = QUANTITIES.map(([text, canonical], index) => ({
      name: `c${index}`,
      image: 'x',
      resources: { limits: { cpu: text, memory: canonical } },
    }));
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers } };
    const resources = unrestricted(POD_TEMPLATES);
    const made = await client.create(resources, {
      metadata: { name: 'quantities', namespace },
      template,
    });
    const { spec } = made.template as { spec: { containers: typeof containers } };
    expect(spec.containers.map(({ resources: { limits } }) => limits)).toEqual(
      QUANTITIES.map(([, canonical]) => ({ cpu: canonical, memory: canonical })),
    );
  });
});

async function create(
  { client, namespace }: TestCluster,
  name: string,
  spec: InstanceSpec,
): Promise<CompleteInstance> {
  const metadata = { name, namespace };
  const instance = await client.create(unrestricted(INSTANCES), { metadata, spec });
  return complete(spec, instance.metadata);
}

function allObjects(instance: CompleteInstance): readonly Wanted[] {
  const tokens = { adminToken: 'admin-token-of-a-test', fleetToken: 'fleet-token-of-a-test' };
  const secret = fleetSecret(instance, tokens);
  return [{ type: unrestricted(SECRETS), object: secret }, ...objectsOf(instance)];
}

/** What is there, by another read. */
async function applyAll({ client }: TestCluster, wanted: readonly Wanted[]): Promise<KubeObject[]> {
  for (const { type, object } of wanted) await client.apply(type, object);
  const read = async ({ type, object: { metadata } }: Wanted): Promise<KubeObject> => {
    const { namespace, name = '' } = metadata ?? {};
    return (await client.get(type, { namespace, name })) ?? {};
  };
  return Promise.all(wanted.map(read));
}

/** Controllers go on writing to the status, and so to the version. */
function specOf(object: KubeObject): [string, number | undefined, unknown] {
  const { generation } = object.metadata ?? {};
  return [keyOf(object), generation, 'spec' in object ? object.spec : undefined];
}

function sizeOf({ metadata, spec }: V1PersistentVolumeClaim): unknown[] {
  return [metadata?.name, spec?.resources?.requests?.['storage']];
}

/** Another run may still hold the node port that the sample names. */
function portOf(spec: InstanceSpec): InstanceSpec {
  const listeners = spec.listeners?.map((listener) =>
    listener.bootstrapNodePort === undefined
      ? listener
      : { ...listener, bootstrapNodePort: randomInt(31_000, 32_768) },
  );
  return { ...spec, listeners };
}
