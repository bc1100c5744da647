/** Objects of others that have the names of ours, and what is left of an instance of the name. */
import { expect, test } from '@jest/globals';
import type { KubeObject, ResourceType } from '#kube/types';
import { ANNOTATION, instanceLabels } from '#kube/names';
import {
  CONFIG_MAPS,
  INSTANCES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  SECRETS,
  SERVICES,
  STATEFUL_SETS,
} from '#kube/resources';
import { unrestricted } from '#support/kube';
import { describeOnHollowNodes, TEST_MS, ZONES } from '#support/reconcile-stand';
import { until } from '#support/until';

const PORTS = [{ name: 'clients', port: 8081 }];
const PAUSED = ANNOTATION.paused;
const SMALL = { edition: 'Platinum', nameServers: 0, zones: ZONES } as const;

function foreignSet(name: string): object {
  const labels = { app: name };
  const containers = [{ name: 'main', image: 'example.org/other:1' }];
  return {
    replicas: 0,
    serviceName: name,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  };
}

/** By the instance that can't have the name. */
const FOREIGN: readonly (readonly [string, ResourceType<KubeObject>, string, object])[] = [
  ['a', CONFIG_MAPS, 'a-fleet', { data: { mine: 'yes' } }],
  ['b', SECRETS, 'b-fleet', { stringData: { 'admin-token': 'mine' } }],
  ['c', SERVICES, 'c-mq', { spec: { ports: PORTS } }],
  ['d', STATEFUL_SETS, 'd-shard-0', { spec: foreignSet('d-shard-0') }],
];

describeOnHollowNodes('a name', (stand) => {
  const create = <T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> => {
    const { namespace, client } = stand().site;
    const metadata = Object.assign({}, object.metadata, { namespace });
    return client.create(unrestricted(type), { ...object, metadata });
  };
  /** Somebody changes something about it, so that it is looked at now. */
  const touch = (name: string, value: string) =>
    stand().desk.patch(INSTANCES, name, { metadata: { annotations: { touched: value } } });

  test(
    'that somebody else uses stalls the instance, and nothing of theirs is touched',
    async () => {
      const { desk } = stand();
      const before = new Map<string, KubeObject>();
      for (const [instance, type, name, content] of FOREIGN) {
        before.set(instance, await create(type, { metadata: { name }, ...content }));
        await desk.instance(instance, SMALL);
      }
      for (const [instance, type, name] of FOREIGN) {
        const object = await desk.untilCondition(
          INSTANCES,
          instance,
          'Stalled',
          'True',
          'NameClash',
        );
        const stalled = object.status?.conditions?.find((each) => each.type === 'Stalled');
        expect(stalled?.message).toContain(`there is a ${type.kind} ${name} that is not`);
        const now = await desk.get(type, name);
        const was = before.get(instance);
        expect(now?.metadata?.uid).toBe(was?.metadata?.uid);
        expect(now?.metadata?.labels).toEqual(was?.metadata?.labels);
        expect(now?.metadata?.ownerReferences).toBeUndefined();
        if (type === STATEFUL_SETS) continue;
        expect(now?.metadata?.resourceVersion).toBe(was?.metadata?.resourceVersion);
        expect(await desk.get(STATEFUL_SETS, `${instance}-shard-0`)).toBeUndefined();
      }
      expect((await desk.list(PODS)).length).toBe(0);
      for (const [instance, type, name] of FOREIGN) {
        await desk.remove(type, name);
        await touch(instance, 'free');
      }
      for (const [instance] of FOREIGN) {
        await desk.untilCondition(INSTANCES, instance, 'Quiesced', 'True');
      }
    },
    TEST_MS,
  );

  test(
    'of objects of ours that nobody owns: they are adopted, and no pod restarts',
    async () => {
      const { desk, site } = stand();
      const { namespace, client } = site;
      await desk.instance('adopter', SMALL);
      await desk.untilCondition(INSTANCES, 'adopter', 'Quiesced', 'True');
      const set = await desk.get(STATEFUL_SETS, 'adopter-shard-0');
      const pod = await desk.get(PODS, 'adopter-shard-0-0');
      const instances = unrestricted(INSTANCES);
      const reference = { namespace, name: 'adopter' };
      // A pass under way would make the instance their owner again, and they would go with it.
      await desk.patch(INSTANCES, 'adopter', { metadata: { annotations: { [PAUSED]: 'true' } } });
      await desk.untilCondition(INSTANCES, 'adopter', 'Quiesced', 'False', 'Paused');
      await client.delete(instances, reference, { propagation: 'Orphan' });
      await desk.untilGone(INSTANCES, 'adopter');
      const { metadata } = await desk.instance('adopter', SMALL);
      await desk.untilCondition(INSTANCES, 'adopter', 'Quiesced', 'True');
      const now = await desk.get(STATEFUL_SETS, 'adopter-shard-0');
      expect(now?.metadata?.uid).toBe(set?.metadata?.uid);
      expect(now?.metadata?.ownerReferences).toMatchObject([{ uid: metadata.uid }]);
      const samePod = await desk.get(PODS, 'adopter-shard-0-0');
      expect(samePod?.metadata?.uid).toBe(pod?.metadata?.uid);
    },
    TEST_MS,
  );

  test(
    'whose labels were taken off an object of ours: they are put on again',
    async () => {
      const { desk } = stand();
      const labels = Object.fromEntries(
        Object.keys(instanceLabels('adopter')).map((label) => [label, null]),
      );
      const before = await desk.patch(SERVICES, 'adopter-brokers', { metadata: { labels } });
      const now = await desk.until(SERVICES, 'adopter-brokers', ({ metadata }) => {
        return metadata?.labels?.['app.kubernetes.io/managed-by'] !== undefined;
      });
      expect(now.metadata?.uid).toBe(before.metadata?.uid);
      await desk.untilCondition(INSTANCES, 'adopter', 'Quiesced', 'True');
    },
    TEST_MS,
  );

  test(
    'of a deleted instance: the new one waits for the end of the old, and finds its data',
    async () => {
      const { desk } = stand();
      const { metadata: first } = await desk.instance('again', SMALL);
      await desk.untilCondition(INSTANCES, 'again', 'Quiesced', 'True');
      const claim = await desk.get(PERSISTENT_VOLUME_CLAIMS, 'data-again-shard-0-0');
      const secret = await desk.get(SECRETS, 'again-fleet');
      // Its end takes a while.
      const held = { metadata: { finalizers: ['example.org/held'] } };
      await desk.patch(SERVICES, 'again-mq', held);
      await desk.remove(INSTANCES, 'again');
      const { metadata: second } = await desk.instance('again', SMALL);
      expect(second.uid).not.toBe(first.uid);
      const waiting = await desk.untilCondition(
        INSTANCES,
        'again',
        'Reconciling',
        'True',
        'PreviousInstance',
      );
      expect(waiting.status?.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe(
        'False',
      );
      await desk.until(SERVICES, 'again-mq', ({ metadata }) => !!metadata?.deletionTimestamp);
      await desk.patch(SERVICES, 'again-mq', { metadata: { finalizers: null } });
      await desk.untilCondition(INSTANCES, 'again', 'Quiesced', 'True');
      const now = await desk.get(SECRETS, 'again-fleet');
      expect(now?.metadata?.ownerReferences?.[0]?.uid).toBe(second.uid);
      expect(now?.metadata?.uid).not.toBe(secret?.metadata?.uid);
      const set = await desk.get(STATEFUL_SETS, 'again-shard-0');
      expect(set?.metadata?.ownerReferences?.[0]?.uid).toBe(second.uid);
      const found = await desk.get(PERSISTENT_VOLUME_CLAIMS, 'data-again-shard-0-0');
      expect(found?.metadata?.uid).toBe(claim?.metadata?.uid);
    },
    TEST_MS,
  );

  test(
    'of an instance whose volumes are to go with it: they are gone, the next one begins anew',
    async () => {
      const { desk } = stand();
      await desk.instance('fleeting', { ...SMALL, deletionPolicy: 'Delete' });
      await desk.untilCondition(INSTANCES, 'fleeting', 'Quiesced', 'True');
      const name = 'data-fleeting-shard-0-0';
      const owned = async (): Promise<boolean> =>
        (await desk.get(PERSISTENT_VOLUME_CLAIMS, name))?.metadata?.ownerReferences !== undefined;
      await until(TEST_MS, owned);
      await desk.remove(INSTANCES, 'fleeting');
      await desk.untilGone(PERSISTENT_VOLUME_CLAIMS, name);
      expect(await desk.get(SERVICES, 'fleeting-mq')).toBeUndefined();
    },
    TEST_MS,
  );

  test(
    'of a Secret that is gone: pods that need it get another one',
    async () => {
      const { desk } = stand();
      await desk.remove(SECRETS, 'adopter-fleet');
      await desk.remove(PODS, 'adopter-shard-0-0');
      await desk.until(SECRETS, 'adopter-fleet', () => true);
    },
    TEST_MS,
  );
});
