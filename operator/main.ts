/** The operator as a part of a process: follows the cluster, and works while it leads. */
import type { KubeCall, KubeClient } from '#kube/client';
import { GROUPS, INSTANCES, TOPICS } from '#kube/resources';
import type { Clock } from '#lib/clock';
import { OPERATOR } from '#lib/kubernetes-limits';
import type { Part } from '#lib/lifecycle';
import type { Log } from '#lib/log';
import type { Registry } from '#lib/metrics';
import { Applier } from '#operator/apply/applier';
import { BrokerAdmins, type AdminAddress } from '#operator/brokers/broker-admins';

export { adminAddressIn } from '#operator/brokers/broker-admins';
import { Tokens } from '#operator/brokers/tokens';
import { Caches } from '#operator/caches';
import { EventRecorder } from '#operator/events';
import { LeadingClient } from '#operator/leading-client';
import { LeaderElection } from '#operator/leader';
import { OperatorMetrics } from '#operator/metrics';
import { reconcileGroup } from '#operator/reconcile/group';
import { reconcileInstance } from '#operator/reconcile/instance';
import type { Outcome, Tools } from '#operator/reconcile/pass';
import { reconcileTopic } from '#operator/reconcile/topic';
import { connectTriggers } from '#operator/triggers';
import { Webhook, type WebhookConfig } from '#operator/webhook/main';
import { WorkQueue } from '#operator/work-queue';

export interface OperatorConfig {
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  /** Of brokers and name servers, where an instance says none. */
  readonly image: string;
  readonly clusterDomain: string;
  /** Where it runs itself: its Lease, its certificate. */
  readonly operatorNamespace: string;
  /** Its pods' namespace may reach the admin ports; false: it runs outside the cluster. */
  readonly isInCluster: boolean;
  /** Who it is among its replicas. */
  readonly identity: string;
  readonly leaderLease: string;
  /** Undefined: none. */
  readonly webhook: WebhookConfig | undefined;
}

export interface OperatorOptions {
  readonly config: OperatorConfig;
  readonly client: KubeClient;
  readonly adminAddress: AdminAddress;
  readonly registry: Registry;
  readonly log: Log;
  readonly clock: Clock;
}

type Kind = 'instance' | 'topic' | 'group';
type Reconcile = (
  reference: { namespace: string; name: string },
  tools: Tools,
) => Promise<Outcome | undefined>;

const RECONCILERS: Readonly<Record<Kind, { reconcile: Reconcile; workers: number }>> = {
  instance: { reconcile: reconcileInstance, workers: OPERATOR.instanceWorkers },
  topic: { reconcile: reconcileTopic, workers: OPERATOR.declaredWorkers },
  group: { reconcile: reconcileGroup, workers: OPERATOR.declaredWorkers },
};

export class Operator implements Required<Part> {
  readonly name = 'operator';
  readonly #options: OperatorOptions;
  readonly #caches: Caches;
  readonly #tools: Tools;
  readonly #election: LeaderElection;
  readonly #webhook: Webhook | undefined;
  readonly #metrics: OperatorMetrics;
  #queues: ReadonlyMap<Kind, WorkQueue> = new Map();
  #isStopped = false;

  constructor(options: OperatorOptions) {
    const { config, client, adminAddress, registry, log, clock } = options;
    this.#options = options;
    this.#metrics = new OperatorMetrics({
      registry,
      caches: () => this.#caches,
      queues: () => this.#queues,
      isLeader: () => this.isLeader,
    });
    const caches = new Caches({ client, namespaces: config.namespaces, log, clock });
    this.#caches = caches;
    const leading = new LeadingClient(client, () => this.isLeader);
    const tokens = new Tokens(leading);
    this.#tools = {
      client: leading,
      caches,
      tokens,
      applier: new Applier(leading, caches),
      admins: new BrokerAdmins(tokens, adminAddress, clock),
      events: new EventRecorder({ client, instance: config.identity, log, clock }),
      clock,
      log,
      image: config.image,
      clusterDomain: config.clusterDomain,
      operatorNamespace: config.isInCluster ? config.operatorNamespace : undefined,
    };
    this.#election = new LeaderElection({
      client,
      lease: { namespace: config.operatorNamespace, name: config.leaderLease },
      identity: config.identity,
      onStart: () => void this.#lead(),
      onLose: () => void this.#follow(),
      log,
      clock,
    });
    const known = {
      instances: () => caches.all(INSTANCES),
      topics: () => caches.all(TOPICS),
      groups: () => caches.all(GROUPS),
    };
    this.#webhook =
      config.webhook &&
      new Webhook({ config: config.webhook, client, known, registry, clock, log });
  }

  get isLeader(): boolean {
    return this.#election.isLeading;
  }

  /** For the client of the Kubernetes API. */
  called(call: KubeCall): void {
    this.#metrics.called(call);
  }

  /** Of the webhook, once started. */
  get webhookPort(): number {
    return this.#webhook?.port ?? 0;
  }

  /** Why it can't do its work; undefined when it can, or when another replica does it. */
  readiness(): string | undefined {
    if (!this.#caches.isSynced) return 'the objects of the cluster are being listed';
    return this.#webhook?.readiness();
  }

  /** Returns at once: the API server may be away, and is waited for. */
  async start(): Promise<void> {
    this.#caches.start();
    connectTriggers(this.#caches, {
      instance: (key) => this.#queues.get('instance')?.add(key),
      topic: (key) => this.#queues.get('topic')?.add(key),
      group: (key) => this.#queues.get('group')?.add(key),
    });
    await this.#webhook?.start();
    this.#election.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    // Nothing is written any more when another replica takes over.
    await this.#follow();
    await this.#election.stop();
    await this.#webhook?.stop();
    await this.#caches.stop();
    this.#tools.admins.close();
    await this.#tools.events.stop();
  }

  async #lead(): Promise<void> {
    await this.#caches.synced();
    if (!this.isLeader || this.#isStopped) return;
    const kinds = Object.keys(RECONCILERS) as Kind[];
    this.#queues = new Map(kinds.map((kind) => [kind, this.#queue(kind)]));
    for (const queue of this.#queues.values()) queue.start();
    const { caches } = this.#tools;
    this.#addAll('instance', caches.all(INSTANCES));
    this.#addAll('topic', caches.all(TOPICS));
    this.#addAll('group', caches.all(GROUPS));
  }

  async #follow(): Promise<void> {
    const queues = [...this.#queues.values()];
    this.#queues = new Map();
    await Promise.all(queues.map((queue) => queue.stop()));
  }

  #addAll(kind: Kind, objects: Iterable<{ metadata: { namespace: string; name: string } }>): void {
    const queue = this.#queues.get(kind);
    for (const { metadata } of objects) queue?.add(`${metadata.namespace}/${metadata.name}`);
  }

  #queue(kind: Kind): WorkQueue {
    const { log, clock } = this.#options;
    const { reconcile, workers } = RECONCILERS[kind];
    const queue: WorkQueue = new WorkQueue({
      name: kind,
      workers,
      log,
      clock,
      work: async (key) => {
        const [namespace = '', name = ''] = key.split('/');
        const outcome = await reconcile({ namespace, name }, this.#tools);
        if (outcome) queue.addAfter(key, outcome.againMs);
      },
      onResult: (result) => this.#metrics.reconciled(kind, result),
    });
    return queue;
  }
}
