/** Nodes, zones and the API server that go away and come back, while clients send and receive. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { PORT } from '#kube/names';
import { inflict, testWithFaults } from '#support/cluster-faults';
import { namesOf, routed } from '#support/fleet';
import { until } from '#support/until';
import { NAME, PlatinumScene, TOPIC } from './platinum.ts';
import { describeOnNodes, LONG_MS, WAIT_MS } from './scene.ts';

const SENDS = 50;
/** Name servers drop a broker after some 4 s; the machine may be busy. */
const ROUTES_SHRINK_MS = 15_000;
const CUT_MS = 30_000;
const PAUSE_MS = 60_000;

describeOnNodes('an instance over three zones', () => {
  const scene = new PlatinumScene('sluice-test-faults');
  const { instance, load } = scene;
  const ended: (() => Promise<void>)[] = [];

  beforeAll(() => scene.open(), LONG_MS);
  /** What a test that failed has left undone. */
  afterEach(async () => {
    for (const end of ended.splice(0)) await end();
  }, LONG_MS);
  afterAll(() => scene.close(), LONG_MS);

  testWithFaults(
    ['CLUSTER_KILL_NODE', 'CLUSTER_START_NODE'],
    'a zone is lost, and comes back: sends go on, and nothing is lost',
    async () => {
      const { shard, letter } = await victim();
      await scene.withoutFailedSends(async () => {
        await inflict('CLUSTER_KILL_NODE', letter);
        ended.push(() => inflict('CLUSTER_START_NODE', letter));
        await expectShrunk(shard, letter);
        await load.untilSent(SENDS, WAIT_MS);
        const message = await instance.untilCondition('ZonesSatisfied', 'False');
        expect(message).toMatch(
          new RegExp(`zone-${letter} \\(brokers 0, name servers 0, no ready node\\)`),
        );
        expect(await instance.untilCondition('Ready', 'False')).toContain('2 of 3 brokers');
        await load.untilSent(SENDS, WAIT_MS);
        await ended.pop()?.();
        await instance.untilQuiesced();
        await instance.untilCondition('ZonesSatisfied', 'True');
        await untilRoutes((names) => names.includes(shard), letter);
      });
    },
    LONG_MS,
  );

  testWithFaults(
    ['CLUSTER_CUT', 'CLUSTER_HEAL'],
    'a zone is cut off for a while: sends go on, and nothing is lost',
    async () => {
      const { shard, letter } = await victim();
      await scene.withoutFailedSends(async () => {
        await inflict('CLUSTER_CUT', letter);
        ended.push(() => inflict('CLUSTER_HEAL', letter));
        const startMs = performance.now();
        await expectShrunk(shard, letter);
        await sleep(CUT_MS - (performance.now() - startMs));
        await load.untilSent(SENDS, WAIT_MS);
        await ended.pop()?.();
        await untilRoutes((names) => names.includes(shard), letter);
        await instance.untilQuiesced();
        await instance.untilCondition('ZonesSatisfied', 'True');
      });
    },
    LONG_MS,
  );

  testWithFaults(
    ['CLUSTER_PAUSE_API', 'CLUSTER_RESUME_API'],
    'the API server stops for a minute: messages flow on, and the operator recovers',
    async () => {
      const before = await instance.identities();
      await scene.withoutFailedSends(async () => {
        await inflict('CLUSTER_PAUSE_API');
        ended.push(() => inflict('CLUSTER_RESUME_API'));
        const startMs = performance.now();
        while (performance.now() - startMs < PAUSE_MS) {
          await load.untilSent(SENDS, WAIT_MS);
          await load.untilAllReceived(WAIT_MS);
        }
        await ended.pop()?.();
        await until(WAIT_MS, () => instance.read().then(Boolean, () => false));
        // Something that the operator has to act on.
        await instance.patch({ capacity: { tps: 20_000 } });
        await until(WAIT_MS, async () => {
          const { status } = await instance.read();
          return status?.quota?.messagesPerSecond === 20_000;
        });
        await instance.untilQuiesced();
      });
      expect(await instance.identities()).toEqual(before);
    },
    LONG_MS,
  );

  /** The zone of a shard, by the letter of its node. */
  async function victim(): Promise<{ shard: string; letter: string }> {
    const { status } = await instance.read();
    const shard = status?.shardStatuses?.find(({ name }) => name === `${NAME}-shard-1`);
    const letter = shard?.node?.replace('node-', '');
    if (!shard || letter === undefined) throw new Error('the shard is on no node');
    return { shard: shard.name, letter };
  }

  async function expectShrunk(shard: string, letter: string): Promise<void> {
    const tookMs = await untilRoutes((names) => !names.includes(shard), letter);
    console.info(`routes are without ${shard} after ${(tookMs / 1000).toFixed(1)} s`);
    expect(tookMs).toBeLessThan(ROUTES_SHRINK_MS);
  }

  /** Routes of the name servers on the other nodes. Gives how long it took, in ms. */
  async function untilRoutes(isRight: (names: string) => boolean, letter: string): Promise<number> {
    const startMs = performance.now();
    const pods = await instance.pods('nameserver');
    const others = pods.filter(({ spec }) => spec?.nodeName !== `node-${letter}`);
    expect(others).toHaveLength(2);
    for (const { status } of others) {
      let latest = '';
      await until(
        WAIT_MS,
        async () => {
          latest = namesOf(await routed(`${status?.podIP}:${PORT.firstExternal}`, TOPIC));
          return isRight(latest);
        },
        () => `the route has ${latest}`,
      );
    }
    return performance.now() - startMs;
  }
});
