/**
 * The operator with exactly the rights that the chart gives it, from the making of an instance to
 * its end: it is never refused anything, and there is nothing among them that it does not use.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { InstanceSpec } from '#kube/api/instance';
import type { KubeCall } from '#kube/client';
import type { HttpKubeClient } from '#kube/http-client';
import { childName } from '#kube/names';
import {
  GROUPS,
  INSTANCES,
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  POD_DISRUPTION_BUDGETS,
  SECRETS,
  STATEFUL_SETS,
  TOPICS,
} from '#kube/resources';
import { systemClock } from '#lib/clock';
import { Caches, CHILDREN } from '#operator/caches';
import { operatorRules, PLACE, type PolicyRule } from '#operator/rbac';
import { silentLog } from '#support/core';
import { installRoutes } from '#support/gateway-api';
import { unrestricted } from '#support/kube';
import { describeOnHollowNodes, TEST_MS, type Site } from '#support/reconcile-stand';
import { ServiceAccount } from '#support/service-account';
import { until } from '#support/until';
import { Configuration, createReplica, freshName, SECRET, World } from '#support/webhook-replica';

const INSTANCE = 'orders';
const LEASE = 'sluice-operator';
const WAIT_MS = 60_000;

/** Used by what does not happen in each life. */
const NOT_SHOWN: readonly string[] = [
  // Only an event that repeats is counted.
  'events.k8s.io/events patch',
];

const SPEC: InstanceSpec = {
  edition: 'Platinum',
  shards: 2,
  nameServers: 1,
  capacity: { storage: '1Gi' },
  listeners: [
    {
      name: 'passed',
      type: 'Gateway',
      host: 'mq.example.com',
      gateway: { name: 'public', route: 'TLSRoute', port: 443 },
    },
    {
      name: 'ended',
      type: 'Gateway',
      host: 'grpc.example.com',
      gateway: { name: 'public', route: 'GRPCRoute', port: 8443 },
    },
  ],
};

/** Everything that happens to an instance, and that the operator has to do something about. */
async function lifeOf({ desk }: Site): Promise<void> {
  const quiesced = () => desk.untilCondition(INSTANCES, INSTANCE, 'Quiesced', 'True');
  const change = (spec: object) => desk.patch(INSTANCES, INSTANCE, { spec });
  await desk.instance(INSTANCE, SPEC);
  const declared = { instanceRef: { name: INSTANCE }, deletionPolicy: 'Delete' } as const;
  await desk.topic('paid', declared);
  await desk.group('billing', declared);
  await desk.untilCondition(TOPICS, 'paid', 'Ready', 'True');
  await desk.untilCondition(GROUPS, 'billing', 'Ready', 'True');
  await change({ capacity: { storage: '2Gi' } });
  const claim = `data-${childName.shard(INSTANCE, 0)}-0`;
  await desk.until(
    PERSISTENT_VOLUME_CLAIMS,
    claim,
    ({ status }) => status?.capacity?.['storage'] === '2Gi',
  );
  await quiesced();
  // The pods lose ports, and are made anew.
  await change({ listeners: null });
  await quiesced();
  await desk.remove(TOPICS, 'paid');
  await desk.untilGone(TOPICS, 'paid');
  await desk.remove(GROUPS, 'billing');
  await desk.untilGone(GROUPS, 'billing');
  await change({ shards: 1 });
  await desk.untilGone(STATEFUL_SETS, childName.shard(INSTANCE, 1));
  await change({ nameServers: 0 });
  await desk.untilGone(POD_DISRUPTION_BUDGETS, childName.nameServers(INSTANCE));
  await quiesced();
  await desk.remove(INSTANCES, INSTANCE);
  await desk.untilGone(INSTANCES, INSTANCE);
}

/** A right, as a rule grants it and a call uses it. */
function right(group: string, resource: string, verb: string): string {
  return `${group}/${resource} ${verb}`;
}

function rightsOf(rules: readonly PolicyRule[]): string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => right(group, resource, verb))),
    ),
  );
}

/** An apply that makes the object uses two of them. */
function usedBy(calls: readonly KubeCall[]): string[] {
  const used = calls.flatMap(({ verb, type: { group }, resource, code }) => [
    right(group, resource, verb),
    ...(verb === 'patch' && code === 201 ? [right(group, resource, 'create')] : []),
  ]);
  return [...new Set(used)];
}

/** With the names that an installation puts in. */
function named(rules: readonly PolicyRule[], configuration: string): readonly PolicyRule[] {
  const text = JSON.stringify(rules)
    .replaceAll(PLACE.webhookConfiguration, configuration)
    .replaceAll(PLACE.leaderLease, LEASE)
    .replaceAll(PLACE.certificateSecret, SECRET);
  return JSON.parse(text) as PolicyRule[];
}

describeOnHollowNodes('the rights of the operator', (stand) => {
  const configuration = freshName();
  const rules = operatorRules();
  const clusterRules = named(rules.clusterRules, configuration);
  const calls: KubeCall[] = [];
  /** The namespace of the operator itself. */
  let own = '';
  let account: ServiceAccount;
  let client: HttpKubeClient;

  const refused = (): string[] => usedBy(calls.filter(({ code }) => code === 403));

  beforeAll(async () => {
    const { cluster } = stand();
    own = `${cluster.namespace}-operator`;
    await cluster.client.create(unrestricted(NAMESPACES), { metadata: { name: own } });
    await installRoutes(cluster.client);
    account = await ServiceAccount.create(cluster, own);
    client = await account.connect((call) => calls.push(call));
  }, TEST_MS);

  afterAll(async () => {
    await client.close();
    await account.dispose();
    await stand().cluster.client.delete(unrestricted(NAMESPACES), { name: own });
  }, TEST_MS);

  test('nobody has them by themselves', async () => {
    await expect(client.list(INSTANCES)).rejects.toMatchObject({ status: 403 });
    calls.length = 0;
  });

  test(
    'in its own namespace and in that of an instance are enough for the life of that instance',
    async () => {
      const site = await stand().openSite();
      await account.grant(named(rules.leaderRules, configuration), own);
      await account.grant(clusterRules);
      await account.grant(rules.namespaceRules, site.namespace);
      const operator = await site.startOperator({ client, operatorNamespace: own });
      await lifeOf(site);
      await site.stopOperator(operator);
      expect(refused()).toEqual([]);
    },
    3 * TEST_MS,
  );

  test(
    'are enough to make the certificate of the webhook, and to replace it',
    async () => {
      const { cluster } = stand();
      const webhooks = new Configuration(cluster, configuration);
      await webhooks.create(['https://127.0.0.1:1/validate']);
      const options = { configuration, known: new World(), clock: systemClock, namespace: own };
      const replica = () => createReplica({ ...options, cluster: { ...cluster, client } }).webhook;
      for (const damage of [{ 'tls.crt': 'AAAA' }, {}]) {
        const webhook = replica();
        await webhook.start();
        await until(
          WAIT_MS,
          () => webhook.readiness() === undefined,
          () => `no certificate; refused: ${refused().join(', ')}`,
        );
        await webhook.stop();
        const patch = { data: damage };
        await cluster.client.mergePatch(
          unrestricted(SECRETS),
          { namespace: own, name: SECRET },
          patch,
        );
      }
      await webhooks.delete();
      expect(refused()).toEqual([]);
    },
    TEST_MS,
  );

  test('are all used by then', () => {
    const usedIn = (isOwn: boolean): string[] =>
      usedBy(calls.filter(({ namespace }) => (namespace === own) === isOwn));
    const [inOwn, elsewhere] = [usedIn(true), usedIn(false)];
    const unused = [
      ...rightsOf([...rules.clusterRules, ...rules.namespaceRules]).filter(
        (each) => !elsewhere.includes(each),
      ),
      ...rightsOf(rules.leaderRules).filter((each) => !inOwn.includes(each)),
    ];
    expect(unused.filter((each) => !NOT_SHOWN.includes(each))).toEqual([]);
  });

  test(
    'in all namespaces are enough to follow what happens there',
    async () => {
      calls.length = 0;
      await account.grant(rules.namespaceRules);
      const tools = { client, log: silentLog, clock: systemClock };
      const caches = new Caches({ ...tools, namespaces: undefined });
      caches.start();
      const followed = [INSTANCES, TOPICS, GROUPS, NODES, ...CHILDREN].map(({ group, plural }) =>
        right(group, plural, 'watch'),
      );
      const missing = (): string[] => followed.filter((each) => !usedBy(calls).includes(each));
      await until(
        WAIT_MS,
        () => missing().length === 0,
        () => `not followed: ${missing().join(', ')}; refused: ${refused().join(', ')}`,
      );
      await caches.stop();
      expect(refused()).toEqual([]);
    },
    TEST_MS,
  );
});
