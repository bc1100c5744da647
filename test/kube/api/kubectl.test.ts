/** What a person sees who declares, lists and looks things up with kubectl. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { conditionsOf } from '#kube/api/conditions';
import { GROUPS, INSTANCES, TOPICS } from '#kube/resources';
import { describeWithCluster, unrestricted } from '#support/kube';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));
const run = promisify(execFile);

describeWithCluster('with kubectl', (cluster) => {
  async function kubectl(...args: string[]): Promise<string> {
    return kubectlWith('', ...args);
  }

  async function kubectlWith(input: string, ...args: string[]): Promise<string> {
    const { kubeconfig, namespace } = cluster();
    const call = run('kubectl', ['--kubeconfig', kubeconfig, '-n', namespace, ...args]);
    call.child.stdin?.end(input);
    return (await call).stdout;
  }

  const examples = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));

  test('there are examples', () => {
    expect(examples).toEqual(['development.yaml', 'platinum-three-zones.yaml', 'standard.yaml']);
  });

  test.each(examples)('%s is taken, and the same again', async (name) => {
    const apply = async () => kubectl('apply', '--validate=strict', '-f', `${EXAMPLES}${name}`);
    const lines = (await apply()).trim().split('\n');
    const kinds = new Set(lines.map((line) => line.replace(/\/.*/, '')));
    expect(kinds).toEqual(
      new Set([
        'messagequeueinstance.mq.sluice.dev',
        'topic.mq.sluice.dev',
        'consumergroup.mq.sluice.dev',
      ]),
    );
    expect(lines.filter((line) => !line.endsWith(' created'))).toEqual([]);
    const again = (await apply()).trim().split('\n');
    expect(again.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
  });

  test('a field that there is not is refused', async () => {
    const typo = [
      'apiVersion: mq.sluice.dev/v1beta1',
      'kind: MessageQueueInstance',
      'metadata: { name: typo }',
      'spec: { edition: Standard, shard: 2 }',
    ].join('\n');
    await expect(kubectlWith(typo, 'apply', '-f', '-')).rejects.toThrow(
      'strict decoding error: unknown field "spec.shard"',
    );
  });

  test('the number of shards can be scaled', async () => {
    expect(await kubectl('scale', 'mqi/orders', '--replicas=3')).toContain('scaled');
    expect(await kubectl('get', 'mqi/orders', '-o', 'jsonpath={.spec.shards}')).toBe('3');
    await expect(kubectl('scale', 'mqi/orders', '--replicas=65')).rejects.toThrow(
      'spec.shards: Invalid value: 65: spec.shards in body should be less than or equal to 64',
    );
  });

  test('explain describes the fields', async () => {
    const text = await kubectl('explain', 'mqi.spec.capacity');
    expect(text).toContain('How much the instance may take.');
    expect(text).toContain('Size of the volume of each broker. It can grow. Without it: 10Gi.');
  });

  test('columns tell what is wrong', async () => {
    await writeStatuses();
    const table = async (...args: string[]) =>
      (await kubectl('get', ...args))
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/ {2,}/g, ' | ').replace(/\d[\dms]*$/, 'AGE'));
    expect(await table('mqi', 'orders')).toEqual([
      'NAME | EDITION | READY | STATUS | SHARDS | BROKERS | VERSION | AGE',
      'orders | Standard | False | BrokerDown | 2 | 1/2 | 1.4.0 | AGE',
    ]);
    expect(await table('mqi', 'orders', '-o', 'wide')).toEqual([
      'NAME | EDITION | READY | STATUS | SHARDS | BROKERS | VERSION | ENDPOINT | MESSAGE | AGE',
      'orders | Standard | False | BrokerDown | 2 | 1/2 | 1.4.0 | orders-mq.shop.svc:8081 | ' +
        'orders-shard-1 is down | AGE',
    ]);
    expect(await table('mqt', 'payments', '-o', 'wide')).toEqual([
      'NAME | INSTANCE | KIND | QUEUES | READY | STATUS | NAME | MESSAGE | AGE',
      'payments | orders | Fifo | 8 | True | Applied | Payments_v1 | It is on 2 shards | AGE',
    ]);
    expect(await table('mqg', 'billing', '-o', 'wide')).toEqual([
      'NAME | INSTANCE | ORDERED | LAG | READY | STATUS | NAME | MESSAGE | AGE',
      'billing | orders | true | 17 | True | Applied | billing | It is on 2 shards | AGE',
    ]);
    expect((await table('sluice')).filter((line) => line.includes('orders'))).toContainEqual(
      expect.stringContaining('messagequeueinstance.mq.sluice.dev/orders'),
    );
  });

  async function writeStatuses(): Promise<void> {
    const { client, namespace } = cluster();
    const at = { generation: 1, nowMs: 0 };
    const applied = { type: 'Ready', status: 'True', reason: 'Applied' } as const;
    const conditions = conditionsOf([{ ...applied, message: 'It is on 2 shards' }], [], at);
    const down = { type: 'Ready', status: 'False', reason: 'BrokerDown' } as const;
    await client.applyStatus(unrestricted(INSTANCES), {
      metadata: { name: 'orders', namespace },
      spec: { edition: 'Standard' },
      status: {
        conditions: conditionsOf([{ ...down, message: 'orders-shard-1 is down' }], [], at),
        shards: 2,
        brokers: '1/2',
        version: '1.4.0',
        endpoint: 'orders-mq.shop.svc:8081',
      },
    });
    const spec = { instanceRef: { name: 'orders' } };
    await client.applyStatus(unrestricted(TOPICS), {
      metadata: { name: 'payments', namespace },
      spec,
      status: { conditions, name: 'Payments_v1', kind: 'Fifo', queues: 8 },
    });
    await client.applyStatus(unrestricted(GROUPS), {
      metadata: { name: 'billing', namespace },
      spec,
      status: { conditions, name: 'billing', ordered: true, lag: 17 },
    });
  }
});
