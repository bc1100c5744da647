/**
 * What suites of the reconcile have in common: a control plane with hollow nodes, and namespaces in
 * which an operator of this process and brokers of this process are at work.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import type { V1Secret } from '@kubernetes/client-node';
import type { KubeClient } from '#kube/client';
import { childName } from '#kube/names';
import { NAMESPACES, SECRETS } from '#kube/resources';
import { systemClock, type Clock } from '#lib/clock';
import type { Operator } from '#operator/main';
import type { AdminMethod, AnswerOf, RequestOf } from '#proto/admin';
import { createAdminClient } from '#proto/admin-client';
import { HollowBrokers } from '#support/hollow-brokers';
import { HollowNodes } from '#support/hollow-nodes';
import { describeWithCluster, unrestricted, type TestCluster } from '#support/kube';
import { Desk, startOperator, type StandOptions } from '#support/operator-stand';

export const ZONES: string[] = ['zone-a', 'zone-b', 'zone-c'];
/** Of one test, on a machine that is busy. */
export const TEST_MS = 120_000;
/** Another file may have the nodes for so long. */
const TURN_MS = 600_000;

/**
 * The machine's time, whose date a test turns forward; timers run as ever. It is ahead from the
 * start, so that pods seem to have been ready for long.
 */
class ShiftedClock implements Clock {
  #aheadMs = 60_000;

  nowMs(): number {
    return systemClock.nowMs() + this.#aheadMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  readonly setTimeout: Clock['setTimeout'] = (run, delayMs) => systemClock.setTimeout(run, delayMs);
  readonly setInterval: Clock['setInterval'] = (run, periodMs) =>
    systemClock.setInterval(run, periodMs);

  forward(ms: number): void {
    this.#aheadMs += ms;
  }

  /** As others have it. */
  reset(): void {
    this.#aheadMs = 0;
  }
}

/** A namespace with all that works in it. */
export class Site {
  readonly namespace: string;
  readonly client: KubeClient;
  readonly desk: Desk;
  readonly brokers: HollowBrokers;
  readonly clock = new ShiftedClock();
  readonly #operators = new Set<Operator>();

  /** A new namespace, which ends with the site. */
  static async open(client: KubeClient): Promise<Site> {
    const name = `sluice-test-${randomBytes(4).toString('hex')}`;
    await client.create(unrestricted(NAMESPACES), { metadata: { name } });
    return new Site(client, name, await HollowBrokers.start(client, name));
  }

  private constructor(client: KubeClient, namespace: string, brokers: HollowBrokers) {
    this.client = client;
    this.namespace = namespace;
    this.brokers = brokers;
    this.desk = new Desk({ client, namespace });
  }

  async startOperator(options: Partial<StandOptions> = {}): Promise<Operator> {
    const { client, namespace, clock } = this;
    const { adminAddress } = this.brokers;
    const operator = await startOperator({ client, namespace, clock, adminAddress, ...options });
    this.#operators.add(operator);
    return operator;
  }

  async stopOperator(operator: Operator): Promise<void> {
    this.#operators.delete(operator);
    await operator.stop();
  }

  /** Of the admin port of a shard's broker. */
  async call<M extends AdminMethod>(
    instance: string,
    shard: number,
    method: M,
    request: RequestOf<M>['input'],
  ): Promise<AnswerOf<M>['decoded']> {
    const { namespace } = this;
    const reference = { namespace, name: childName.fleet(instance) };
    const secret: V1Secret | undefined = await this.client.get(SECRETS, reference);
    const token = Buffer.from(secret?.data?.['admin-token'] ?? '', 'base64').toString();
    const address = this.brokers.adminOf(namespace, childName.shard(instance, shard));
    const admin = createAdminClient({ address, token });
    try {
      return await admin.call(method, request);
    } finally {
      admin.close();
    }
  }

  async stop(): Promise<void> {
    for (const operator of this.#operators) await operator.stop();
    await this.brokers.stop();
    await this.client.delete(unrestricted(NAMESPACES), { name: this.namespace });
  }
}

export interface Stand {
  readonly cluster: TestCluster;
  readonly nodes: HollowNodes;
  /** Where most tests of the suite happen; an operator is at work there. */
  readonly site: Site;
  readonly desk: Desk;
  /** One more, with no operator yet. */
  openSite(): Promise<Site>;
}

/** As `describe`; inside of tests `stand()` is it. */
export function describeOnHollowNodes(name: string, suite: (stand: () => Stand) => void): void {
  describeWithCluster(name, (cluster) => {
    let stand: Stand | undefined;
    const sites: Site[] = [];
    let nodes: HollowNodes | undefined;
    beforeAll(async () => {
      const { client } = cluster();
      nodes = await HollowNodes.start({ client, zones: ZONES });
      const openSite = async (): Promise<Site> => {
        const site = await Site.open(client);
        sites.push(site);
        return site;
      };
      const site = await openSite();
      await site.startOperator();
      stand = { cluster: cluster(), nodes, site, desk: site.desk, openSite };
    }, TURN_MS);
    suite(() => {
      if (!stand) throw new Error('the stand is there in tests only');
      return stand;
    });
    afterAll(async () => {
      await Promise.all(sites.map((site) => site.stop()));
      await nodes?.stop();
    }, TEST_MS);
  });
}
