/** `sluice kube …` */
import { Argument, type Command } from 'commander';
import { EXIT } from '#cli/failure';
import { kubeFailureText, NotThere } from '#cli/kube/failure';
import { instanceTree } from '#cli/kube/instance-tree';
import { readCluster, readInstances, type Namespace } from '#cli/kube/read-cluster';
import { instanceText, listData, listText } from '#cli/kube/tree-report';
import { showOutputOptionOnly } from '#cli/output-option';
import { render, type Output, type Report } from '#cli/output';
import type { Instance } from '#kube/api/instance';
import type { KubeClient } from '#kube/client';
import { connect, type HttpKubeClient } from '#kube/http-client';

interface KubeOptions {
  readonly namespace?: string;
  readonly allNamespaces: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly output: Output;
}

const ALIVE_MS = 60_000;

export function defineKube(kube: Command): void {
  showOutputOptionOnly(kube);
  kube
    .command('tree')
    .description('An instance: its shards, zones, pods, volumes, topics, groups, and what is wrong')
    .addArgument(new Argument('[instance]', 'Its name; without it all instances are listed'))
    .option('-n, --namespace <name>', 'Its namespace; that of the context without it')
    .option('-A, --all-namespaces', 'Look in all namespaces', false)
    .option('--kubeconfig <file>', 'How to reach the cluster (or KUBECONFIG)')
    .option('--context <name>', 'A context of the kubeconfig; the current one without it')
    .addHelpText(
      'after',
      '\nExamples:\n  sluice kube tree\n  sluice kube tree orders -n shop\n' +
        '  sluice kube tree -A -o json\n',
    )
    .action((instance: string | undefined, _options: object, command: Command) =>
      tree(instance, command.optsWithGlobals<KubeOptions>()),
    );
}

async function tree(name: string | undefined, options: KubeOptions): Promise<void> {
  const { kubeconfig, context, output } = options;
  let client: HttpKubeClient | undefined;
  // While the client waits before it tries again, nothing else keeps the process alive.
  const alive = setInterval(() => undefined, ALIVE_MS);
  try {
    client = connect({ kubeconfig, context });
    const own = options.namespace ?? client.namespace ?? 'default';
    const namespace = options.allNamespaces ? undefined : own;
    const report = await (name === undefined
      ? listReport(client, namespace)
      : treeReport(client, namespace, name));
    process.stdout.write(render(report, output));
  } catch (error) {
    process.stderr.write(kubeFailureText(error));
    process.exitCode = EXIT.failed;
  } finally {
    clearInterval(alive);
    await client?.close();
  }
}

async function listReport(client: KubeClient, namespace: Namespace): Promise<Report> {
  const instances = await readInstances(client, namespace);
  if (instances.length === 0) process.stderr.write(`no instances ${placeText(namespace)}\n`);
  return {
    data: listData(instances),
    text: () => (instances.length === 0 ? '' : listText(instances, namespace === undefined)),
  };
}

async function treeReport(client: KubeClient, namespace: Namespace, name: string): Promise<Report> {
  const all = await readInstances(client, namespace);
  const instances = all.filter(({ metadata }) => metadata.name === name);
  if (instances.length === 0) throw notThere(name, namespace, all);
  const cluster = await readCluster(client, namespace, instances);
  for (const plural of cluster.hidden) {
    process.stderr.write(`you may not list ${plural}; what they say is missing below\n`);
  }
  const trees = instances.map((instance) => instanceTree(instance, cluster));
  const isColoured = process.stdout.isTTY && !process.env['NO_COLOR'];
  return {
    data: namespace === undefined ? trees : trees[0],
    text: () => trees.map((each) => instanceText(each, isColoured)).join('\n'),
  };
}

function notThere(name: string, namespace: Namespace, there: readonly Instance[]): NotThere {
  const names = there.map(({ metadata }) => metadata.name).join(', ');
  const others = names === '' ? 'there is none' : `there is ${names}`;
  return new NotThere(
    `no instance ${name} ${placeText(namespace)}: ${others}`,
    '`sluice kube tree -A` lists those of all namespaces',
  );
}

function placeText(namespace: Namespace): string {
  return namespace === undefined ? 'in any namespace' : `in the namespace ${namespace}`;
}
