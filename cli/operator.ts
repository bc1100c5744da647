/** The composition root of the operator. */
import { EXIT, failureText } from '#cli/failure';
import type { OperatorStartConfig } from '#cli/operator-config';
import { runProcess, type ProcessContext, type Service } from '#cli/run-process';
import { connect, type HttpKubeClient } from '#kube/http-client';
import { systemClock } from '#lib/clock';
import { formatHostPort } from '#lib/host-port';
import { adminAddressIn, Operator } from '#operator/main';

/** Runs until a signal ends the process. */
export async function runOperator(config: OperatorStartConfig): Promise<void> {
  let operator: Operator | undefined;
  const { kubeconfig } = config;
  const client = connectOrSay({ kubeconfig, onCall: (call) => operator?.called(call) });
  if (!client) return;
  await runProcess(config, (context) => {
    operator = operatorFor(client, context, config);
    return addOperator(operator, client, context, config);
  });
}

/** Undefined, and the reason on standard error, where no cluster is configured. */
function connectOrSay(options: Parameters<typeof connect>[0]): HttpKubeClient | undefined {
  try {
    return connect(options);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const next = 'say with --kubeconfig FILE or KUBECONFIG which cluster to look after';
    process.stderr.write(failureText(what, next));
    process.exitCode = EXIT.usage;
    return undefined;
  }
}

const DEFAULT_NAMESPACE = 'default';

function operatorFor(
  client: HttpKubeClient,
  { log, registry }: ProcessContext,
  config: OperatorStartConfig,
): Operator {
  const { host, clusterDomain, webhookPort, identity, leaderLease, image } = config;
  const operatorNamespace = config.operatorNamespace ?? client.namespace ?? DEFAULT_NAMESPACE;
  return new Operator({
    config: {
      namespaces: config.namespaces?.split(','),
      image,
      clusterDomain,
      operatorNamespace,
      isInCluster: process.env['KUBERNETES_SERVICE_HOST'] !== undefined,
      identity,
      leaderLease,
      webhook: config.webhook
        ? {
            host,
            port: webhookPort,
            service: config.webhookService,
            namespace: operatorNamespace,
            clusterDomain,
            configuration: config.webhookConfiguration,
          }
        : undefined,
    },
    client,
    adminAddress: adminAddressIn(clusterDomain),
    registry,
    log,
    clock: systemClock,
  });
}

function addOperator(
  operator: Operator,
  client: HttpKubeClient,
  { lifecycle }: ProcessContext,
  { host, namespaces, webhook: hasWebhook }: OperatorStartConfig,
): Service {
  lifecycle.add({ name: 'connection to the API server', stop: () => client.close() });
  lifecycle.add(operator);
  const webhook = (): string => formatHostPort({ host, port: operator.webhookPort });
  return {
    addresses: () => (hasWebhook ? { webhook: webhook() } : {}),
    readiness: () => operator.readiness(),
    banner: () => ({
      facts: [
        ['Cluster', client.server],
        ['Looks after', namespaces ?? 'all namespaces'],
        ...(hasWebhook ? [['Webhook', `https://${webhook()}/validate`] as const] : []),
      ],
      next: ['kubectl apply -f examples/development.yaml', 'npx sluice kube tree'],
    }),
  };
}
