/** A node without a machine: what a kubelet would tell the API server of it. */
import type { V1Node, V1NodeStatus } from '@kubernetes/client-node';
import type { KubeClient } from '#kube/client';
import { LEASES, NODES } from '#kube/resources';
import { microTime } from '#support/hollow-lock';
import { unrestricted } from '#support/cluster';

const ALL_NODES = unrestricted(NODES);
const ALL_LEASES = unrestricted(LEASES);
const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 10;
/** Of the names of all of them. */
export const HOLLOW_PREFIX = 'hollow-';
const ROOM = { cpu: '64', memory: '256Gi', pods: '500', 'ephemeral-storage': '1Ti' };

export class HollowNode {
  readonly name: string;
  readonly zone: string;
  readonly ip: string;
  /** False: as after a power cut. */
  isUp = true;
  /** How often it came back. */
  starts = 0;
  readonly #client: KubeClient;

  constructor(client: KubeClient, name: string, zone: string, ip: string) {
    this.#client = client;
    this.name = name;
    this.zone = zone;
    this.ip = ip;
  }

  async register(): Promise<void> {
    await this.#client.create(ALL_NODES, {
      metadata: {
        name: this.name,
        labels: {
          'kubernetes.io/hostname': this.name,
          'kubernetes.io/os': 'linux',
          'topology.kubernetes.io/zone': this.zone,
        },
      },
    });
    await this.renew();
  }

  /** Its sign of life; and it says that it is ready wherever somebody came to doubt it. */
  async renew(): Promise<void> {
    await this.#client.apply(
      ALL_LEASES,
      {
        metadata: { namespace: LEASE_NAMESPACE, name: this.name },
        spec: {
          holderIdentity: this.name,
          leaseDurationSeconds: LEASE_SECONDS,
          renewTime: microTime(Date.now()),
        },
      },
      { force: true },
    );
    const node = await this.#client.get(ALL_NODES, { name: this.name });
    if (!node || isReady(node)) return;
    await this.#client.applyStatus(ALL_NODES, {
      metadata: { name: this.name },
      status: this.#readyStatus(),
    });
  }

  async isSchedulable(): Promise<boolean> {
    const node = await this.#client.get(ALL_NODES, { name: this.name });
    return node !== undefined && isReady(node) && (node.spec?.taints ?? []).length === 0;
  }

  async remove(): Promise<void> {
    await removeNode(this.#client, this.name);
  }

  #readyStatus(): V1NodeStatus {
    const now = new Date().toISOString();
    const status = {
      capacity: ROOM,
      allocatable: ROOM,
      addresses: [
        { type: 'InternalIP', address: this.ip },
        { type: 'Hostname', address: this.name },
      ],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'hollow',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
    };
    return status as unknown as V1NodeStatus;
  }
}

/**
 * Names of nodes that a test file left behind. Throws where there are real ones; those that no pod
 * can be scheduled to are of no account.
 */
export async function leftOverNodes(client: KubeClient): Promise<string[]> {
  const { items } = await client.list(ALL_NODES);
  const names = items
    .filter(({ spec }) => spec?.unschedulable !== true)
    .map(({ metadata }) => metadata?.name ?? '');
  const real = names.filter((name) => !name.startsWith(HOLLOW_PREFIX));
  if (real.length > 0) {
    throw new Error(
      `pods would run on ${real.join(', ')}: hollow nodes need a cluster of their own`,
    );
  }
  return names;
}

export async function removeNode(client: KubeClient, name: string): Promise<void> {
  await client.delete(ALL_NODES, { name });
  await client.delete(ALL_LEASES, { namespace: LEASE_NAMESPACE, name });
}

function isReady({ status }: V1Node): boolean {
  return (
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
  );
}
