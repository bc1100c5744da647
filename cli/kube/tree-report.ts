/** Instances as the terminal shows them: a table of all, or one as a tree. */
import {
  readiness,
  type GroupView,
  type InstanceTree,
  type PodView,
  type ShardView,
  type TopicView,
} from '#cli/kube/instance-tree';
import { problemsOf, type Problem } from '#cli/kube/problems';
import { treeText, type Toned, type Tone, type TreeCell, type TreeNode } from '#cli/kube/text';
import { table } from '#cli/table';
import type { Instance } from '#kube/api/instance';

export function listText(instances: readonly Instance[], isAllNamespaces: boolean): string {
  const headings = ['NAME', 'EDITION', 'READY', 'SHARDS', 'BROKERS', 'VERSION', 'ENDPOINT'];
  const rows = instances.map((instance) => {
    const { metadata, spec, status } = instance;
    const { status: ready, reason } = readiness(instance);
    const cells = [
      metadata.name,
      spec.edition,
      ready === 'True' ? ready : `${ready}: ${reason}`,
      status?.shards,
      status?.brokers,
      status?.version,
      status?.endpoint,
    ];
    return isAllNamespaces ? [metadata.namespace, ...cells] : cells;
  });
  return table(isAllNamespaces ? ['NAMESPACE', ...headings] : headings, rows);
}

export function listData(instances: readonly Instance[]): readonly object[] {
  return instances.map((instance) => ({
    namespace: instance.metadata.namespace,
    name: instance.metadata.name,
    edition: instance.spec.edition,
    ready: readiness(instance),
    shards: instance.status?.shards,
    brokers: instance.status?.brokers,
    version: instance.status?.version,
    endpoint: instance.status?.endpoint,
    problems: problemsOf(instance),
  }));
}

export function instanceText(tree: InstanceTree, isColoured: boolean): string {
  return treeText([instanceNode(tree)], isColoured);
}

function instanceNode(tree: InstanceTree): TreeNode {
  const { name, namespace, edition, version, ready, messagesPerSecond } = tree;
  const isReady = ready.status === 'True';
  const state = isReady ? 'Ready' : `not ready (${ready.reason})`;
  const rate = messagesPerSecond === undefined ? undefined : `${messagesPerSecond} messages/s`;
  return {
    cells: [
      name,
      toned(state, isReady ? 'good' : 'bad'),
      [edition, version && `version ${version}`, rate, `namespace ${namespace}`]
        .filter(Boolean)
        .join(', '),
    ],
    children: [
      ...problemNodes(tree.problems),
      ...scaleInNodes(tree),
      section(
        'endpoints',
        tree.endpoints.map(({ listener, address }) => [listener, address]),
      ),
      podSection(tree),
      shardSection(tree),
      topicSection(tree.topics),
      groupSection(tree.groups),
    ],
  };
}

function section(title: string, rows: readonly (readonly TreeCell[])[]): TreeNode {
  return rows.length === 0
    ? { cells: [`${title}: none`] }
    : { cells: [title], children: rows.map((cells) => ({ cells })) };
}

function scaleInNodes({ scaleIn }: InstanceTree): readonly TreeNode[] {
  if (!scaleIn) return [];
  const { shard, unreadMessages, deadLetters, waitingFor } = scaleIn;
  const left = `${unreadMessages} messages unread, ${deadLetters} dead letters`;
  return [
    {
      cells: [`${shard} drains before it is removed: ${left}`],
      children: waitingFor.map(({ group, topic, messages }) => ({
        cells: [`group ${group}`, `topic ${topic}`, `${messages} to read`],
      })),
    },
  ];
}

function podSection({ nameServers }: InstanceTree): TreeNode {
  if (nameServers.length === 0) return { cells: ['name servers: none, the broker answers routes'] };
  return {
    cells: [`name servers: ${readyCount(nameServers)}`],
    children: nameServers.map((pod) => ({
      cells: [pod.pod, ...podCells(pod)],
      children: problemNodes(pod.problems),
    })),
  };
}

function shardSection({ shards }: InstanceTree): TreeNode {
  return {
    cells: [`shards: ${readyCount(shards)}`],
    children: shards.map((shard) => ({
      cells: [
        shard.name,
        shardState(shard),
        shard.pod,
        ...podCells(shard),
        shard.volume && toned(...volumeText(shard.volume)),
      ],
      children: problemNodes(shard.problems),
    })),
  };
}

function readyCount(pods: readonly PodView[]): string {
  if (pods.some(({ status }) => status === 'Unknown')) return String(pods.length);
  const ready = pods.filter(({ status }) => status === 'Ready').length;
  return `${ready} of ${pods.length} ready`;
}

function shardState({ state, isReadOnly }: ShardView): Toned {
  const text = `${state ?? 'Unknown'}${isReadOnly ? ', read only' : ''}`;
  return toned(text, state === 'Serving' ? 'good' : state === 'Down' ? 'bad' : 'plain');
}

function podCells({ status, node, zone, version, restarts }: PodView): readonly TreeCell[] {
  return [
    toned(status, status === 'Ready' ? 'good' : status === 'Unknown' ? 'plain' : 'bad'),
    node ?? (status === 'Unknown' ? undefined : 'no node'),
    zone,
    version,
    restarts === 0 ? undefined : `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`,
  ];
}

function volumeText(volume: NonNullable<ShardView['volume']>): [string, Tone] {
  const { size, storageClass, phase } = volume;
  const text = ['volume', size, storageClass, phase].filter(Boolean).join(' ');
  return [text, phase === 'Bound' ? 'plain' : 'bad'];
}

function topicSection(topics: readonly TopicView[] | undefined): TreeNode {
  if (topics === undefined) return { cells: ['topics: unknown'] };
  if (topics.length === 0) return { cells: ['topics: none; apply a Topic to make one'] };
  return {
    cells: [`topics: ${topics.length}`],
    children: topics.map((topic) => ({
      cells: [
        named(topic),
        topic.kind,
        `${topic.queues} ${topic.queues === 1 ? 'queue' : 'queues'}`,
        topic.shards.map(({ name, queues }) => `${name} ${queues}`).join(', '),
      ],
      children: problemNodes(topic.problems),
    })),
  };
}

function groupSection(groups: readonly GroupView[] | undefined): TreeNode {
  if (groups === undefined) return { cells: ['groups: unknown'] };
  if (groups.length === 0) return { cells: ['groups: none; apply a ConsumerGroup to make one'] };
  return {
    cells: [`groups: ${groups.length}`],
    children: groups.map((group) => ({
      cells: [
        named(group),
        group.isOrdered ? 'ordered' : undefined,
        group.lag === undefined ? 'lag unknown' : `lag ${group.lag}`,
        group.members === undefined ? undefined : memberText(group.members),
      ],
      children: problemNodes(group.problems),
    })),
  };
}

function memberText(members: number): string {
  return `${members} ${members === 1 ? 'member' : 'members'}`;
}

/** Clients' name, and that of the object where it is another. */
function named({ name, object }: { name: string; object: string }): string {
  return name === object ? name : `${name} (${object})`;
}

function problemNodes(problems: readonly Problem[]): readonly TreeNode[] {
  return problems.map(({ what, message, isSerious }) => ({
    cells: [
      toned(message === '' ? `! ${what}` : `! ${what}: ${message}`, isSerious ? 'bad' : 'weak'),
    ],
  }));
}

function toned(text: string, tone: Tone): Toned {
  return { text, tone };
}
