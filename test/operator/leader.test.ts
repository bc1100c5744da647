import { afterEach, expect, test } from '@jest/globals';
import type { HttpKubeClient } from '#kube/http-client';
import { LEASES } from '#kube/resources';
import { LEADER } from '#lib/kubernetes-limits';
import { LeaderElection } from '#operator/leader';
import { silentLog } from '#support/grpc-echo';
import { connectThrough, describeWithCluster, type TestCluster } from '#support/kube';
import { ManualClock } from '#support/manual-clock';
import { TcpProxy } from '#support/tcp-proxy';
import { until } from '#support/until';

const WAIT_MS = 20_000;
const STEP_MS = 250;

/** A replica on a clock of its own: one that stands still is a process that is frozen. */
class Replica {
  readonly clock = new ManualClock();
  readonly history: string[] = [];
  readonly election: LeaderElection;
  readonly #ends: (() => Promise<void>)[];

  private constructor(
    cluster: TestCluster,
    name: string,
    identity: string,
    client: HttpKubeClient,
    ends: (() => Promise<void>)[],
  ) {
    this.#ends = ends;
    this.election = new LeaderElection({
      client,
      lease: { namespace: cluster.namespace, name },
      identity,
      log: silentLog,
      clock: this.clock,
      random: () => 0,
      onStart: () => this.history.push('start'),
      onLose: () => this.history.push('lose'),
    });
    this.election.start();
  }

  static start(cluster: TestCluster, name: string, identity: string): Replica {
    return new Replica(cluster, name, identity, cluster.client, []);
  }

  static async behindProxy(
    cluster: TestCluster,
    name: string,
    identity: string,
  ): Promise<{ replica: Replica; proxy: TcpProxy }> {
    const proxies: TcpProxy[] = [];
    const client = await connectThrough(cluster, async (target) => {
      const proxy = await TcpProxy.start(target);
      proxies.push(proxy);
      return proxy;
    });
    const [proxy] = proxies;
    if (!proxy) throw new Error('no proxy');
    const ends = [() => client.close(), () => proxy.stop()];
    return { replica: new Replica(cluster, name, identity, client, ends), proxy };
  }

  get isLeading(): boolean {
    return this.election.isLeading;
  }

  async stop(): Promise<void> {
    const stopped = this.election.stop();
    let isStopped = false;
    void stopped.then(() => {
      isStopped = true;
    });
    await until(WAIT_MS, () => {
      if (!isStopped) this.clock.advance(STEP_MS);
      return isStopped;
    });
    for (const end of this.#ends.splice(0)) await end();
  }
}

describeWithCluster('leader election', (cluster) => {
  let replicas: Replica[] = [];

  afterEach(async () => {
    for (const replica of replicas) await replica.stop();
    replicas = [];
  });

  /** Time passes for these replicas, and never are there two leaders. */
  const pass = (moving: readonly Replica[], isDone: () => boolean): Promise<boolean> =>
    until(WAIT_MS, () => {
      for (const { clock } of moving) clock.advance(STEP_MS);
      expect(replicas.filter(({ isLeading }) => isLeading).length).toBeLessThanOrEqual(1);
      return isDone();
    });

  const passMs = async (moving: readonly Replica[], ms: number): Promise<void> => {
    const endMs = (moving[0]?.clock.monotonicMs() ?? 0) + ms;
    await pass(moving, () => (moving[0]?.clock.monotonicMs() ?? 0) >= endMs);
  };

  test('of two that start together exactly one leads, and goes on leading', async () => {
    const a = Replica.start(cluster(), 'two', 'a');
    const b = Replica.start(cluster(), 'two', 'b');
    replicas = [a, b];
    await pass(replicas, () => a.isLeading || b.isLeading);
    await passMs(replicas, 4 * LEADER.leaseMs);
    expect([...a.history, ...b.history]).toEqual(['start']);
    const lease = await cluster().client.get(LEASES, { ...ref('two') });
    expect(lease?.spec).toMatchObject({
      holderIdentity: a.isLeading ? 'a' : 'b',
      leaseDurationSeconds: 15,
    });
  });

  test('one that is frozen is replaced, and knows it when it wakes up', async () => {
    const a = Replica.start(cluster(), 'frozen', 'a');
    replicas = [a];
    await pass([a], () => a.isLeading);
    const b = Replica.start(cluster(), 'frozen', 'b');
    // What was seen last counts from now on, by the clock of b. While a stands still, its own
    // clock says that it leads: so here only b is asked.
    await until(WAIT_MS, () => {
      b.clock.advance(STEP_MS);
      return b.isLeading;
    });
    expect(b.clock.monotonicMs()).toBeGreaterThanOrEqual(LEADER.leaseMs);
    // It wakes up, and its clock has moved on: nothing has run by then that would tell it.
    a.clock.advance(LEADER.leaseMs);
    expect(a.isLeading).toBe(false);
    replicas = [a, b];
    await passMs(replicas, 2 * LEADER.leaseMs);
    expect(a.history).toEqual(['start', 'lose']);
    expect(b.history).toEqual(['start']);
  });

  test('one that cannot reach the API server stops before another may start', async () => {
    const { replica: a, proxy } = await Replica.behindProxy(cluster(), 'cut', 'a');
    replicas = [a];
    await pass([a], () => a.isLeading);
    const b = Replica.start(cluster(), 'cut', 'b');
    replicas = [a, b];
    await passMs(replicas, LEADER.renewMs);
    proxy.refuse(true);
    const cutMs = a.clock.monotonicMs();
    await pass(replicas, () => !a.isLeading);
    expect(a.clock.monotonicMs() - cutMs).toBeLessThanOrEqual(LEADER.renewDeadlineMs + STEP_MS);
    expect(a.history).toEqual(['start', 'lose']);
    expect(b.isLeading).toBe(false);
    await pass(replicas, () => b.isLeading);
    proxy.refuse(false);
    await passMs(replicas, LEADER.leaseMs);
    expect(b.history).toEqual(['start']);
  });

  test('one that stops makes room at once', async () => {
    const a = Replica.start(cluster(), 'release', 'a');
    replicas = [a];
    await pass([a], () => a.isLeading);
    const b = Replica.start(cluster(), 'release', 'b');
    replicas = [a, b];
    await passMs([b, a], LEADER.retryMs);
    await a.stop();
    expect(a.history).toEqual(['start']);
    const fromMs = b.clock.monotonicMs();
    await pass([b], () => b.isLeading);
    expect(b.clock.monotonicMs() - fromMs).toBeLessThan(LEADER.renewDeadlineMs);
  });

  const ref = (name: string) => ({ namespace: cluster().namespace, name });
});
