/**
 * Makes a control plane without kubelets behave as if nodes ran its pods: hollow nodes in zones, a
 * StorageClass whose claims are bound, pods that become Running and Ready, and end when they are
 * deleted. For tests of everything that looks at the API and not into a container.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import type { KubeClient } from '#kube/client';
import { PERSISTENT_VOLUME_CLAIMS, PODS } from '#kube/resources';
import { Informer } from '#kube/watch';
import { createLog } from '#lib/log';
import { acquireLock, releaseLock, renewLock } from '#support/hollow-lock';
import { HOLLOW_PREFIX, HollowNode, leftOverNodes, removeNode } from '#support/hollow-node';
import { postStatus, removePod, type PodWish } from '#support/hollow-pods';
import { createStorageClass, deleteVolumes, serveClaim } from '#support/hollow-storage';
import { unrestricted } from '#support/cluster';
import { until } from '#support/until';

const RENEW_MS = 3000;
const READY_MS = 30_000;
/** How long other test files may keep this one waiting. */
const TURN_MS = 600_000;

export interface HollowNodesOptions {
  readonly client: KubeClient;
  /** One node for each of these, in the zone of that name. */
  readonly zones: readonly string[];
  /** From the start of a pod's deletion until its end; at once without it. */
  readonly stopMs?: number;
}

/** A pod from one start of its node to the next. */
interface Run {
  readonly starts: number;
  readonly podIp: string;
  readonly startedAt: string;
  /** What was told of it last. */
  toldWish?: PodWish | 'none';
}

export class HollowNodes {
  readonly nodes: readonly HollowNode[];
  readonly #client: KubeClient;
  readonly #stopMs: number;
  readonly #holder = `${HOLLOW_PREFIX}${randomBytes(4).toString('hex')}`;
  readonly #pods: Informer<V1Pod>;
  readonly #claims: Informer<V1PersistentVolumeClaim>;
  readonly #wishes = new Map<string, PodWish>();
  /** By pod uid. */
  readonly #runs = new Map<string, Run>();
  /** Work on an object follows what is under way for it; by uid. */
  readonly #working = new Map<string, Promise<void>>();
  readonly #waiting = new Set<string>();
  readonly #failures: unknown[] = [];
  readonly #stopping = new AbortController();
  #renewing: Promise<void> = Promise.resolve();
  #addresses = 0;

  /** Waits for its turn, and until pods can be scheduled. */
  static async start(options: HollowNodesOptions): Promise<HollowNodes> {
    const hollow = new HollowNodes(options);
    await hollow.#start();
    return hollow;
  }

  private constructor({ client, zones, stopMs = 0 }: HollowNodesOptions) {
    this.#client = client;
    this.#stopMs = stopMs;
    this.nodes = zones.map((zone, number) => {
      const name = `${this.#holder}-${number}`;
      return new HollowNode(client, name, zone, `10.98.0.${number + 1}`);
    });
    const log = createLog({ level: 'silent', format: 'json' });
    this.#pods = new Informer({ client, type: unrestricted(PODS), log });
    this.#claims = new Informer({ client, type: unrestricted(PERSISTENT_VOLUME_CLAIMS), log });
    this.#pods.onChange((pod, before) => this.#onPod(pod, before));
    this.#claims.onChange((claim) => claim && this.#onClaim(claim));
  }

  /** Pods of that name run and are not ready, until `heal`. */
  holdReady(podName: string): void {
    this.#wish(podName, { kind: 'unready' });
  }

  /** Pods of that name do not run, for that reason (ImagePullBackOff, CrashLoopBackOff, …). */
  failPod(podName: string, reason: string): void {
    this.#wish(podName, { kind: 'fail', reason });
  }

  /** Ends what `holdReady` and `failPod` began. */
  heal(podName: string): void {
    this.#wish(podName, undefined);
  }

  /** As a power cut: nothing is heard of it any more. It is NotReady some 10 s later. */
  killNode(name: string): void {
    this.#node(name).isUp = false;
  }

  /** It comes back, and starts its pods again. */
  async startNode(name: string): Promise<void> {
    const node = this.#node(name);
    node.isUp = true;
    node.starts += 1;
    await node.renew();
    this.#lookAgain();
  }

  /** All nodes of a zone, by name. */
  inZone(zone: string): string[] {
    return this.nodes.filter((node) => node.zone === zone).map(({ name }) => name);
  }

  /** Removes everything. Rejects with what failed meanwhile. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#pods.stop(), this.#claims.stop(), this.#renewing]);
    await Promise.all(this.#working.values());
    for (const node of this.nodes) await node.remove();
    const isOurs = (pod: V1Pod): boolean => this.#nodeOf(pod) !== undefined;
    for (const pod of [...this.#pods.values()].filter(isOurs)) await removePod(this.#client, pod);
    await deleteVolumes(this.#client);
    await releaseLock(this.#client);
    if (this.#failures.length > 0) throw new AggregateError(this.#failures, 'hollow nodes failed');
  }

  async #start(): Promise<void> {
    await acquireLock(this.#client, this.#holder, TURN_MS);
    this.#renewing = this.#renewUntilStopped();
    for (const name of await leftOverNodes(this.#client)) await removeNode(this.#client, name);
    await createStorageClass(this.#client);
    for (const node of this.nodes) await node.register();
    this.#pods.start();
    this.#claims.start();
    await Promise.all([this.#pods.synced, this.#claims.synced]);
    for (const node of this.nodes) {
      await until(
        READY_MS,
        () => node.isSchedulable(),
        () => `${node.name} does not become ready`,
      );
    }
  }

  async #renewUntilStopped(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(RENEW_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.#attempt(async () => {
        await renewLock(this.#client, this.#holder);
        for (const node of this.nodes.filter(({ isUp }) => isUp)) await node.renew();
        // Others write the status too: the controller of nodes, when it has lost one.
        this.#lookAgain();
      });
    }
  }

  #wish(podName: string, wish: PodWish | undefined): void {
    if (wish) this.#wishes.set(podName, wish);
    else this.#wishes.delete(podName);
    this.#lookAgain();
  }

  #lookAgain(): void {
    for (const pod of this.#pods.values()) this.#onPod(pod, undefined);
    for (const claim of this.#claims.values()) this.#onClaim(claim);
  }

  #onPod(pod: V1Pod | undefined, before: V1Pod | undefined): void {
    const uid = (pod ?? before)?.metadata?.uid ?? '';
    if (pod) this.#enqueue(uid, () => this.#servePod(pod));
    else this.#runs.delete(uid);
  }

  #onClaim({ metadata }: V1PersistentVolumeClaim): void {
    const { name = '', namespace, uid = '' } = metadata ?? {};
    const isUp = (node: string): boolean =>
      this.nodes.some((each) => each.name === node && each.isUp);
    this.#enqueue(uid, async () => {
      const claim = this.#claims.get({ namespace, name });
      if (claim) await serveClaim(this.#client, claim, isUp);
    });
  }

  async #servePod({ metadata }: V1Pod): Promise<void> {
    const { name = '', namespace, uid = '' } = metadata ?? {};
    // As it is now: it may have waited here.
    const pod = this.#pods.get({ namespace, name });
    const node = pod?.metadata?.uid === uid ? this.#nodeOf(pod) : undefined;
    if (!pod || !node?.isUp) return;
    if (pod.metadata?.deletionTimestamp !== undefined) {
      await this.#endPod(pod, node);
      return;
    }
    const run = this.#runOf(uid, node);
    const wish = this.#wishes.get(name);
    if (run.toldWish === (wish ?? 'none') && isReady(pod) === (wish === undefined)) return;
    const { podIp, startedAt, starts } = run;
    await postStatus(this.#client, { pod, hostIp: node.ip, podIp, startedAt, starts, wish });
    run.toldWish = wish ?? 'none';
  }

  async #endPod(pod: V1Pod, node: HollowNode): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(this.#stopMs, undefined, { signal }).catch(() => undefined);
    if (node.isUp) await removePod(this.#client, pod);
  }

  /** It begins anew, at another address, with each start of its node. */
  #runOf(uid: string, { starts }: HollowNode): Run {
    const known = this.#runs.get(uid);
    if (known?.starts === starts) return known;
    const number = (this.#addresses += 1);
    const run: Run = {
      starts,
      podIp: `10.99.${Math.floor(number / 250)}.${1 + (number % 250)}`,
      startedAt: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    };
    this.#runs.set(uid, run);
    return run;
  }

  #nodeOf({ spec }: V1Pod): HollowNode | undefined {
    return this.nodes.find(({ name }) => name === spec?.nodeName);
  }

  #node(name: string): HollowNode {
    const node = this.nodes.find((each) => each.name === name);
    if (!node) throw new Error(`there is no hollow node ${name}`);
    return node;
  }

  /** What waits looks at the object when its turn comes, so that one of it is enough. */
  #enqueue(uid: string, work: () => Promise<void>): void {
    if (this.#waiting.has(uid)) return;
    this.#waiting.add(uid);
    const running = (this.#working.get(uid) ?? Promise.resolve()).then(async () => {
      this.#waiting.delete(uid);
      await this.#attempt(work);
      if (this.#working.get(uid) === running) this.#working.delete(uid);
    });
    this.#working.set(uid, running);
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    try {
      await work();
    } catch (error) {
      this.#failures.push(error);
    }
  }
}

function isReady({ status }: V1Pod): boolean {
  return (
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
  );
}
