/** Ways in for clients outside the cluster, and name servers, while they come and go. */
import { expect, test } from '@jest/globals';
import type { KubeClient } from '#kube/client';
import { FLEET_FILE } from '#kube/names';
import {
  CONFIG_MAPS,
  GRPC_ROUTES,
  INSTANCES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  SERVICES,
  STATEFUL_SETS,
  TLS_ROUTES,
} from '#kube/resources';
import type { KubeObject, ResourceType } from '#kube/types';
import { parseFleetSettings } from '#proto/fleet-settings';
import { installRoutes } from '#support/gateway-api';
import { describeOnHollowNodes, TEST_MS, ZONES, type Stand } from '#support/reconcile-stand';

const SMALL = { edition: 'Platinum', shards: 1, nameServers: 1, zones: ZONES } as const;
const quiesced = ({ desk }: Stand, name: string) =>
  desk.untilCondition(INSTANCES, name, 'Quiesced', 'True');

async function settingsOf({ desk }: Stand, instance: string) {
  const map = await desk.get(CONFIG_MAPS, `${instance}-fleet`);
  return parseFleetSettings(map?.data?.[FLEET_FILE] ?? '');
}

/** Of a shard in the settings, by listener. */
async function addressesOf(stand: Stand, instance: string, shard = 0) {
  const { brokers } = await settingsOf(stand, instance);
  return brokers[`${instance}-shard-${shard}`]?.listeners;
}

function gateway(route: 'TLSRoute' | 'GRPCRoute') {
  const type = 'Gateway' as const;
  return [
    { name: 'gate', type, host: 'mq.example.com', gateway: { name: 'edge', route, port: 443 } },
  ];
}

/** The API server is asked for a group that it does not know. */
function withoutGatewayApi(client: KubeClient): KubeClient {
  const asked = <T extends KubeObject>(type: ResourceType<T>): ResourceType<T> =>
    type.group === TLS_ROUTES.group ? { ...type, group: 'missing.example.com' } : type;
  return {
    get: (type, reference) => client.get(asked(type), reference),
    list: (type, options) => client.list(asked(type), options),
    watch: (type, options, signal) => client.watch(asked(type), options, signal),
    apply: (type, object, options) => client.apply(asked(type), object, options),
    applyStatus: (type, object) => client.applyStatus(asked(type), object),
    create: (type, object) => client.create(asked(type), object),
    replace: (type, object) => client.replace(asked(type), object),
    mergePatch: (type, reference, patch) => client.mergePatch(asked(type), reference, patch),
    delete: (type, reference, options) => client.delete(asked(type), reference, options),
  };
}

describeOnHollowNodes('a listener', (stand) => {
  test(
    'of type NodePort: clients get the node of the pod and the port of its Service',
    async () => {
      const { desk, nodes } = stand();
      const listeners = [{ name: 'external', type: 'NodePort' as const }];
      await desk.instance('ports', { ...SMALL, shards: 2, listeners });
      const { status } = await quiesced(stand(), 'ports');
      for (const shard of [0, 1]) {
        const pod = await desk.get(PODS, `ports-shard-${shard}-0`);
        const node = nodes.nodes.find(({ name }) => name === pod?.spec?.nodeName);
        const service = await desk.get(SERVICES, `ports-shard-${shard}-external`);
        const port = service?.spec?.ports?.[0]?.nodePort;
        const addresses = await addressesOf(stand(), 'ports', shard);
        expect(addresses?.['external']).toBe(`${node?.ip}:${port}`);
      }
      const bootstrap = await desk.get(SERVICES, 'ports-mq-external');
      const port = bootstrap?.spec?.ports?.[0]?.nodePort;
      const endpoint = status?.endpoints?.find(({ listener }) => listener === 'external');
      expect(endpoint?.address).toMatch(new RegExp(`^10\\.98\\.0\\.\\d+:${port}$`));
    },
    TEST_MS,
  );

  test(
    'that is removed takes its Services along, and nothing else',
    async () => {
      const { desk } = stand();
      await desk.patch(INSTANCES, 'ports', { spec: { listeners: [] } });
      await desk.untilGone(SERVICES, 'ports-mq-external');
      await desk.untilGone(SERVICES, 'ports-shard-1-external');
      const { status } = await quiesced(stand(), 'ports');
      expect(status?.endpoints?.map(({ listener }) => listener)).toEqual(['internal']);
      expect(Object.keys((await addressesOf(stand(), 'ports')) ?? {})).toEqual(['internal']);
      expect(await desk.get(SERVICES, 'ports-shard-1')).toBeDefined();
    },
    TEST_MS,
  );

  test(
    'of type LoadBalancer waits for its addresses, and uses them',
    async () => {
      const { desk, site } = stand();
      const listeners = [{ name: 'public', type: 'LoadBalancer' as const }];
      await desk.instance('balanced', { ...SMALL, listeners });
      const told = await desk.untilCondition(
        INSTANCES,
        'balanced',
        'Reconciling',
        'True',
        'AwaitingAddress',
      );
      const waiting = told.status?.conditions?.find(({ type }) => type === 'Reconciling');
      expect(waiting?.message).toMatch(/balanced-shard-0-public has no address of a load balancer/);
      const { namespace, client } = site;
      for (const [name, ingress] of [
        ['balanced-mq-public', { hostname: 'mq.example.com' }],
        ['balanced-shard-0-public', { ip: '192.0.2.7' }],
      ] as const) {
        await client.applyStatus(
          { ...SERVICES, statusVerbs: ['patch'] },
          { metadata: { namespace, name }, status: { loadBalancer: { ingress: [ingress] } } },
        );
      }
      const { status } = await quiesced(stand(), 'balanced');
      expect((await addressesOf(stand(), 'balanced'))?.['public']).toBe('192.0.2.7:8082');
      expect(status?.endpoints).toContainEqual({
        listener: 'public',
        address: 'mq.example.com:8082',
      });
    },
    TEST_MS,
  );

  test(
    'of type Gateway stalls where the cluster has no such kind',
    async () => {
      const site = await stand().openSite();
      const operator = await site.startOperator({ client: withoutGatewayApi(site.client) });
      await site.desk.instance('gated', { ...SMALL, listeners: gateway('TLSRoute') });
      const { status } = await site.desk.untilCondition(
        INSTANCES,
        'gated',
        'Stalled',
        'True',
        'KindMissing',
      );
      const stalled = status?.conditions?.find(({ type }) => type === 'Stalled');
      expect(stalled?.message).toMatch(/does not know TLSRoute/);
      await site.stopOperator(operator);
      await installRoutes(site.client);
      await site.startOperator();
      await site.desk.untilCondition(INSTANCES, 'gated', 'Quiesced', 'True');
    },
    TEST_MS,
  );

  test(
    'of type Gateway gets its routes, and leaves none behind',
    async () => {
      const { desk, site } = stand();
      await installRoutes(site.client);
      await desk.instance('gated', { ...SMALL, listeners: gateway('TLSRoute') });
      await quiesced(stand(), 'gated');
      expect((await addressesOf(stand(), 'gated'))?.['gate']).toBe('shard-0.mq.example.com:443');
      expect(await routes()).toEqual({ tls: ['gated-mq-gate', 'gated-shard-0-gate'], grpc: [] });
      for (const route of ['GRPCRoute', 'TLSRoute'] as const) {
        await desk.patch(INSTANCES, 'gated', { spec: { listeners: gateway(route) } });
        await quiesced(stand(), 'gated');
        const names = ['gated-mq-gate', 'gated-shard-0-gate'];
        const isTls = route === 'TLSRoute';
        expect(await routes()).toEqual({ tls: isTls ? names : [], grpc: isTls ? [] : names });
      }
      await desk.patch(INSTANCES, 'gated', { spec: { listeners: [] } });
      await desk.untilGone(SERVICES, 'gated-shard-0-gate');
      await quiesced(stand(), 'gated');
      expect(await routes()).toEqual({ tls: [], grpc: [] });
    },
    TEST_MS,
  );

  const routes = async () => {
    const { desk } = stand();
    const names = async (type: typeof TLS_ROUTES) =>
      (await desk.list(type)).map(({ metadata }) => metadata?.name).sort();
    return { tls: await names(TLS_ROUTES), grpc: await names(GRPC_ROUTES) };
  };
});

describeOnHollowNodes('name servers', (stand) => {
  test(
    'come and go without a restart of a broker, down to none',
    async () => {
      const { desk } = stand();
      await desk.instance('orders', { ...SMALL, nameServers: 2 });
      await quiesced(stand(), 'orders');
      const broker = async () => (await desk.get(PODS, 'orders-shard-0-0'))?.metadata?.uid;
      const before = await broker();
      for (const nameServers of [3, 1]) {
        await desk.patch(INSTANCES, 'orders', { spec: { nameServers } });
        const { status } = await quiesced(stand(), 'orders');
        expect(status?.nameServers).toBe(`${nameServers}/${nameServers}`);
        expect((await settingsOf(stand(), 'orders')).nameServers.length).toBe(nameServers);
      }
      expect(await desk.get(POD_DISRUPTION_BUDGETS, 'orders-nameserver')).toBeDefined();
      await desk.patch(INSTANCES, 'orders', { spec: { nameServers: 0 } });
      await desk.untilGone(STATEFUL_SETS, 'orders-nameserver');
      await desk.untilGone(POD_DISRUPTION_BUDGETS, 'orders-nameserver');
      await desk.untilGone(SERVICES, 'orders-nameserver');
      await quiesced(stand(), 'orders');
      expect((await settingsOf(stand(), 'orders')).nameServers).toEqual([]);
      expect(await broker()).toBe(before);
      const bootstrap = await desk.get(SERVICES, 'orders-mq');
      expect(bootstrap?.spec?.selector?.['app.kubernetes.io/component']).toBe('broker');
    },
    TEST_MS,
  );
});
