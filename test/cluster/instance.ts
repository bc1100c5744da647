/** One instance on a cluster, as tests look at it and change it. */
import type { V1Pod } from '@kubernetes/client-node';
import type { Condition } from '#kube/api/conditions';
import type { Instance } from '#kube/api/instance';
import { componentLabels, type Component } from '#kube/names';
import { INSTANCES, PODS } from '#kube/resources';
import { connect, type HttpKubeClient } from '#kube/http-client';
import { unrestricted } from '#support/cluster';
import { until } from '#support/until';
import { kubectl, WAIT_MS } from './scene.ts';

/** What tells whether a pod was replaced, or its process started again. */
export type PodIdentities = Readonly<Record<string, string>>;

export class ClusterInstance {
  readonly namespace: string;
  readonly name: string;
  readonly client: HttpKubeClient;

  constructor(namespace: string, name: string) {
    this.namespace = namespace;
    this.name = name;
    this.client = connect({ kubeconfig: process.env['KUBECONFIG'] });
  }

  close(): Promise<void> {
    return this.client.close();
  }

  async read(): Promise<Instance> {
    const { namespace, name } = this;
    const instance = await this.client.get(unrestricted(INSTANCES), { namespace, name });
    if (!instance) throw new Error(`there is no instance ${name}`);
    return instance;
  }

  async condition(type: string): Promise<Condition | undefined> {
    const { status, metadata } = await this.read();
    // One about an older spec says nothing of what was just changed.
    if (status?.observedGeneration !== metadata.generation) return undefined;
    return status?.conditions?.find((condition) => condition.type === type);
  }

  /** Waits for a condition, and gives its message. */
  async untilCondition(type: string, status: string, timeoutMs = WAIT_MS): Promise<string> {
    let latest: Condition | undefined;
    return until(
      timeoutMs,
      async () => {
        latest = await this.condition(type);
        return latest?.status === status && latest.message;
      },
      () => `${type} is ${latest?.status}: ${latest?.message}`,
    );
  }

  /** All that the spec asks for is done. */
  async untilQuiesced(timeoutMs = WAIT_MS): Promise<void> {
    await this.untilCondition('Quiesced', 'True', timeoutMs);
  }

  patch(spec: object): Promise<string> {
    const patch = JSON.stringify({ spec });
    return kubectl('patch', 'mqi', this.name, '-n', this.namespace, '--type=merge', '-p', patch);
  }

  async pods(component: Component): Promise<V1Pod[]> {
    const labels = Object.entries(componentLabels(this.name, component));
    const labelSelector = labels.map(([label, value]) => `${label}=${value}`).join(',');
    const { namespace } = this;
    return (await this.client.list(PODS, { namespace, labelSelector })).items;
  }

  async identities(component: Component = 'broker'): Promise<PodIdentities> {
    const pods = await this.pods(component);
    return Object.fromEntries(
      pods.map(({ metadata, status }) => {
        const [container] = status?.containerStatuses ?? [];
        return [metadata?.name, `${metadata?.uid} restarted ${container?.restartCount}`];
      }),
    );
  }

  async address(listener: string): Promise<string> {
    const { status } = await this.read();
    const found = status?.endpoints?.find((endpoint) => endpoint.listener === listener);
    if (!found) throw new Error(`the instance has no endpoint for ${listener}`);
    return found.address;
  }
}
