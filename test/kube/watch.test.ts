/** Each suite is a way in which watches are known to stop silently. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { KubeError, type KubeClient } from '#kube/client';
import type { HttpKubeClient } from '#kube/http-client';
import { CONFIG_MAPS } from '#kube/resources';
import { keyOf } from '#kube/types';
import { Informer } from '#kube/watch';
import { INFORMER } from '#lib/kubernetes-limits';
import { silentLog } from '#support/grpc-echo';
import { connectThrough, describeWithCluster, unrestricted, type TestCluster } from '#support/kube';
import { ManualClock } from '#support/manual-clock';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { TcpProxy } from '#support/tcp-proxy';
import { until } from '#support/until';

type ConfigMap = NonNullable<typeof CONFIG_MAPS.object>;

const WAIT_MS = 30_000;
jest.setTimeout(120_000);
/** Objects of other parts of the cluster may be in the same namespace. */
const labels = { followed: 'yes' };
const labelSelector = 'followed=yes';

/** An informer behind a proxy, on a clock of its own, and what it told. */
class Subject {
  readonly cluster: TestCluster;
  readonly proxy: TcpProxy;
  readonly client: HttpKubeClient;
  readonly informer: Informer<ConfigMap>;
  readonly clock: ManualClock;
  /** What somebody knows who only hears of changes. */
  readonly heard = new Map<string, string>();
  readonly log: string[] = [];
  readonly verbs: string[] = [];

  constructor(
    cluster: TestCluster,
    proxy: TcpProxy,
    client: HttpKubeClient,
    clock: ManualClock,
    wrap: (client: KubeClient) => KubeClient,
  ) {
    this.clock = clock;
    this.cluster = cluster;
    this.proxy = proxy;
    this.client = client;
    this.informer = new Informer({
      client: wrap(client),
      type: CONFIG_MAPS,
      namespaces: [cluster.namespace],
      labelSelector,
      log: silentLog,
      clock: this.clock,
      random: seededRandom(1),
    });
    this.informer.onChange((object, before) => {
      const name = object?.metadata?.name ?? before?.metadata?.name ?? '';
      if (object) this.heard.set(name, object.metadata?.resourceVersion ?? '');
      else this.heard.delete(name);
      this.log.push(`${name} ${before?.data?.['value'] ?? '-'} ${object?.data?.['value'] ?? '-'}`);
    });
  }

  static async start(
    cluster: TestCluster,
    wrap: (client: KubeClient) => KubeClient = (client) => client,
  ): Promise<Subject> {
    let proxy: TcpProxy | undefined;
    const verbs: string[] = [];
    const clock = new ManualClock();
    const client = await connectThrough(
      cluster,
      async (target) => {
        proxy = await TcpProxy.start(target);
        return proxy;
      },
      { clock, onCall: ({ verb, code }) => verbs.push(`${verb} ${code}`) },
    );
    if (!proxy) throw new Error('no proxy');
    const subject = new Subject(cluster, proxy, client, clock, wrap);
    Object.assign(subject, { verbs });
    subject.informer.start();
    return subject;
  }

  async stop(): Promise<void> {
    await this.informer.stop();
    await this.client.close();
    await this.proxy.stop();
  }

  async put(name: string, value: string): Promise<void> {
    const metadata = { namespace: this.cluster.namespace, name, labels };
    await this.cluster.client.apply(CONFIG_MAPS, { metadata, data: { value } });
  }

  async remove(name: string): Promise<void> {
    const ref = { namespace: this.cluster.namespace, name };
    await this.cluster.client.delete(unrestricted(CONFIG_MAPS), ref);
  }

  /** Until the informer knows what the API server does; time passes in steps meanwhile. */
  async current(stepMs = 0): Promise<void> {
    const { namespace, client } = this.cluster;
    const { items } = await client.list(CONFIG_MAPS, { namespace, labelSelector });
    const truth = new Map(
      items.map(({ metadata }) => [metadata?.name, metadata?.resourceVersion] as const),
    );
    const isTrue = (known: ReadonlyMap<string | undefined, string | undefined>) =>
      JSON.stringify([...known].sort()) === JSON.stringify([...truth].sort());
    await until(
      WAIT_MS,
      () => {
        if (stepMs > 0) this.clock.advance(stepMs);
        const known = [...this.informer.values(namespace)].map(
          ({ metadata }) => [metadata?.name, metadata?.resourceVersion] as const,
        );
        return isTrue(new Map(known)) && isTrue(this.heard);
      },
      () => `knows ${JSON.stringify([...this.heard])} of ${JSON.stringify([...truth])}`,
    );
  }

  async watching(count: number): Promise<void> {
    const watches = () => this.verbs.filter((verb) => verb === 'watch 200').length;
    await until(
      WAIT_MS,
      () => watches() >= count,
      () => this.verbs.join(),
    );
  }
}

describeWithCluster('the informer', (cluster) => {
  let subject: Subject;

  afterEach(async () => {
    await subject.stop();
    for (const name of subject.heard.keys()) await subject.remove(name);
  });

  test('lists what is there, then hears of changes', async () => {
    subject = await Subject.start(cluster());
    expect(subject.informer.isSynced).toBe(false);
    expect(await subject.informer.synced).toBe(true);
    await subject.watching(1);
    await subject.put('a', '1');
    await subject.put('a', '2');
    await subject.put('b', '1');
    await subject.remove('a');
    await subject.current();
    await until(WAIT_MS, () => subject.log.length === 4);
    expect(subject.log).toEqual(['a - 1', 'a 1 2', 'b - 1', 'a 2 -']);
    const { namespace } = cluster();
    const found = subject.informer.get({ namespace, name: 'b' });
    expect(found).toMatchObject({ kind: 'ConfigMap', data: { value: '1' } });
    expect(found?.metadata?.managedFields).toBeUndefined();
    expect(subject.informer.get({ namespace, name: 'a' })).toBeUndefined();
    expect(subject.informer.size).toBe(1);
    expect([...subject.informer.values()].map(keyOf)).toEqual([`${namespace}/b`]);
  });

  test('a connection that breaks is taken up where it was', async () => {
    subject = await Subject.start(cluster());
    await subject.watching(1);
    await subject.put('cut-a', '1');
    await subject.put('cut-b', '1');
    await subject.current();
    for (let round = 1; round <= 3; round += 1) {
      subject.proxy.cut();
      await subject.put('cut-a', `${round}`);
      await subject.remove('cut-b');
      await subject.current(100);
      await subject.put('cut-b', `${round}`);
      await subject.current(100);
    }
    // The API server knew what was missed.
    expect(subject.verbs.filter((verb) => verb === 'list 200')).toHaveLength(1);
  });

  test('a connection that swallows everything is given up when it is silent', async () => {
    subject = await Subject.start(cluster());
    await subject.watching(1);
    await subject.put('silent-a', '1');
    await subject.put('silent-b', '1');
    await subject.current();
    subject.proxy.swallow();
    await subject.put('silent-a', '2');
    await subject.remove('silent-b');
    subject.clock.advance(INFORMER.silentMs - 1);
    expect(subject.informer.ageMs).toBe(INFORMER.silentMs - 1);
    expect(subject.informer.size).toBe(2);
    await subject.current(500);
    expect(subject.informer.ageMs).toBeLessThan(WAIT_MS);
    expect(subject.log.slice(-2)).toEqual(['silent-a 1 2', 'silent-b 1 -']);
  });

  test('what is too old is listed, and what went meanwhile is told', async () => {
    let isTooOld = false;
    subject = await Subject.start(cluster(), (client) =>
      withWatch(client, (options) => {
        const { resourceVersion } = options;
        return { ...options, resourceVersion: isTooOld ? '1' : resourceVersion };
      }),
    );
    await subject.watching(1);
    await subject.put('old-a', '1');
    await subject.put('old-b', '1');
    await subject.current();
    isTooOld = true;
    subject.proxy.refuse(true);
    await subject.remove('old-b');
    await subject.put('old-a', '2');
    subject.proxy.refuse(false);
    await until(WAIT_MS, () => {
      subject.clock.advance(100);
      return subject.verbs.filter((verb) => verb === 'list 200').length > 1;
    });
    isTooOld = false;
    await subject.current(100);
    expect(subject.log).toContain('old-b 1 -');
  });

  test('an API server that is away shows in the age, and is found again', async () => {
    subject = await Subject.start(cluster());
    await subject.watching(1);
    await subject.put('away', '1');
    await subject.current();
    subject.proxy.refuse(true);
    await subject.put('away', '2');
    for (let second = 0; second < 300; second += 1) await subject.clock.advanceAsync(1000);
    expect(subject.informer.ageMs).toBeGreaterThanOrEqual(300_000);
    expect([...subject.informer.values()].map(({ data }) => data)).toEqual([{ value: '1' }]);
    expect(subject.proxy.accepted).toBeGreaterThan(2);
    subject.proxy.refuse(false);
    await subject.current(500);
    expect(subject.informer.ageMs).toBeLessThan(60_000);
  });

  test('an API server that is away at the start is waited for', async () => {
    let isAway = true;
    subject = await Subject.start(cluster(), (client) => ({
      ...withWatch(client, (options) => options),
      list: async (type, options) => {
        if (isAway) throw new KubeError(0, 'Unreachable', 'away');
        return client.list(type, options);
      },
    }));
    await subject.put('late', '1');
    for (let second = 0; second < 60; second += 1) await subject.clock.advanceAsync(1000);
    expect(subject.informer.isSynced).toBe(false);
    isAway = false;
    await subject.current(500);
    expect(await subject.informer.synced).toBe(true);
  });

  test('everything is listed and told again from time to time', async () => {
    subject = await Subject.start(cluster());
    await subject.watching(1);
    await subject.put('again', '1');
    await subject.current();
    const object = subject.informer.get({ namespace: cluster().namespace, name: 'again' });
    await until(WAIT_MS, () => {
      subject.clock.advance(INFORMER.silentMs);
      return subject.verbs.filter((verb) => verb === 'list 200').length === 2;
    });
    expect(subject.clock.monotonicMs()).toBeGreaterThanOrEqual(INFORMER.resyncMs);
    await until(WAIT_MS, () => subject.log.length === 2);
    expect(subject.log).toEqual(['again - 1', 'again 1 1']);
    // The same object, not another copy of it.
    expect(subject.informer.get({ namespace: cluster().namespace, name: 'again' })).toBe(object);
  });

  test('a listener that fails keeps nobody else from hearing', async () => {
    subject = await Subject.start(cluster());
    subject.informer.onChange(() => {
      throw new Error('a listener');
    });
    const names: string[] = [];
    subject.informer.onChange((object) => names.push(object?.metadata?.name ?? ''));
    await subject.watching(1);
    await subject.put('c', '1');
    await subject.put('d', '1');
    await subject.current();
    expect(names).toEqual(['c', 'd']);
  });

  test('stopped before it has listed anything, it says so', async () => {
    subject = await Subject.start(cluster(), (client) => ({
      ...withWatch(client, (options) => options),
      list: () => Promise.reject(new KubeError(403, 'Forbidden', 'no')),
    }));
    await subject.informer.stop();
    expect(await subject.informer.synced).toBe(false);
  });

  test('whatever happens in between, it ends up with the truth', async () => {
    const seed = chooseSeed();
    console.log(`SEED=${seed}`);
    const random = seededRandom(seed);
    let isTooOld = false;
    subject = await Subject.start(cluster(), (client) =>
      withWatch(client, (options) => (isTooOld ? { ...options, resourceVersion: '1' } : options)),
    );
    await subject.watching(1);
    for (let step = 0; step < 60; step += 1) {
      const name = `any-${integer(random, 5)}`;
      if (random() < 0.4) await subject.remove(name);
      else await subject.put(name, String(step));
      const fault = integer(random, 12);
      if (fault === 0) subject.proxy.cut();
      if (fault === 1) subject.proxy.swallow();
      if (fault === 2) subject.proxy.refuse(true);
      if (fault === 3) subject.proxy.refuse(false);
      isTooOld = fault === 4;
      await subject.clock.advanceAsync(integer(random, 2000));
    }
    isTooOld = false;
    subject.proxy.refuse(false);
    await subject.current(500);
  });
});

type WatchOptions = Parameters<KubeClient['watch']>[1];

/** The client, whose watches ask for something else. */
function withWatch(
  client: KubeClient,
  change: (options: WatchOptions) => WatchOptions,
): KubeClient {
  return {
    get: (type, ref) => client.get(type, ref),
    list: (type, options) => client.list(type, options),
    apply: (type, object, options) => client.apply(type, object, options),
    applyStatus: (type, object) => client.applyStatus(type, object),
    create: (type, object) => client.create(type, object),
    replace: (type, object) => client.replace(type, object),
    mergePatch: (type, ref, patch) => client.mergePatch(type, ref, patch),
    delete: (type, ref, options) => client.delete(type, ref, options),
    watch: (type, options, signal) => client.watch(type, change(options), signal),
  };
}
