/**
 * The operator as `sluice operator` runs it, but with the admin ports of brokers in a file, since
 * nothing runs in the pods: `operator-process.ts ADDRESSES-FILE`, a map of `namespace/name` of an
 * instance to the admin port of its only shard. Prints a ready line as Sluice does.
 */
import { readFileSync } from 'node:fs';
import { runProcess } from '#cli/run-process';
import { connect } from '#kube/http-client';
import { systemClock } from '#lib/clock';
import { Operator } from '#operator/main';

const HOST = '127.0.0.1';

async function main(file: string): Promise<void> {
  const addresses = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>;
  const config = { host: HOST, metricsPort: 0, logLevel: 'warn', logFormat: 'json' } as const;
  await runProcess(config, ({ log, registry, lifecycle }) => {
    const client = connect({ onCall: (call) => operator.called(call) });
    const operator: Operator = new Operator({
      config: {
        namespaces: undefined,
        image: 'registry.example.com/sluice:0.1.0',
        clusterDomain: 'cluster.local',
        operatorNamespace: 'default',
        isInCluster: false,
        identity: `bench-${process.pid}`,
        leaderLease: 'sluice-operator',
        webhook: undefined,
      },
      client,
      adminAddress: ({ namespace, name }) => addresses[`${namespace}/${name}`] ?? `${HOST}:1`,
      registry,
      log,
      clock: systemClock,
    });
    lifecycle.add({ name: 'connection to the API server', stop: () => client.close() });
    lifecycle.add(operator);
    return {
      addresses: () => ({}),
      readiness: () => operator.readiness(),
      banner: () => ({ facts: [], next: [] }),
    };
  });
}

await main(process.argv[2] ?? '');
