import { expect, test } from '@jest/globals';
import { KubeError, type KubeClient } from '#kube/client';
import { CONFIG_MAPS, EVENTS, type KubeEvent } from '#kube/resources';
import type { KubeObject } from '#kube/types';
import { KUBE_EVENTS } from '#lib/kubernetes-limits';
import { EventRecorder } from '#operator/events';
import { silentLog } from '#support/grpc-echo';
import { describeWithCluster, unrestricted } from '#support/kube';
import { ManualClock } from '#support/manual-clock';
import { until } from '#support/until';

const WARNING = { type: 'Warning', reason: 'NameClash', message: 'rename it' } as const;

describeWithCluster('events', (cluster) => {
  const clock = new ManualClock();
  const recorderOf = (client: KubeClient = cluster().client) =>
    new EventRecorder({ client, instance: 'operator-0', log: silentLog, clock });

  const object = (name: string): Promise<KubeObject> =>
    cluster().client.apply(CONFIG_MAPS, { metadata: { namespace: cluster().namespace, name } });

  const eventsOf = async (name: string): Promise<KubeEvent[]> => {
    const { client, namespace } = cluster();
    const { items } = await client.list(unrestricted(EVENTS), { namespace });
    return items.filter(({ regarding }) => regarding.name === name);
  };

  test('says what happened to an object', async () => {
    const regarded = await object('told');
    const recorder = recorderOf();
    recorder.record(regarded, WARNING);
    await recorder.stop();
    const [event, ...others] = await eventsOf('told');
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      type: 'Warning',
      reason: 'NameClash',
      note: 'rename it',
      reportingController: 'sluice-operator',
      reportingInstance: 'operator-0',
      regarding: { kind: 'ConfigMap', name: 'told', uid: regarded.metadata?.uid },
    });
  });

  test('the same again is counted; another one is told', async () => {
    const regarded = await object('again');
    const recorder = recorderOf();
    for (let time = 0; time < 5; time += 1) recorder.record(regarded, WARNING);
    recorder.record(regarded, { ...WARNING, message: 'something else' });
    await until(10_000, async () => (await eventsOf('again')).length === 2);
    clock.advance(KUBE_EVENTS.countMs);
    await recorder.stop();
    const events = await eventsOf('again');
    expect(events.map(({ note, series }) => [note, series?.count]).sort()).toEqual([
      ['rename it', 5],
      ['something else', undefined],
    ]);
  });

  test('after some minutes it is told anew', async () => {
    const regarded = await object('anew');
    const recorder = recorderOf();
    recorder.record(regarded, WARNING);
    clock.advance(KUBE_EVENTS.repeatMs);
    recorder.record(regarded, WARNING);
    await recorder.stop();
    expect(await eventsOf('anew')).toHaveLength(2);
  });

  test('a long message is cut between characters', async () => {
    const regarded = await object('long');
    const recorder = recorderOf();
    recorder.record(regarded, { ...WARNING, message: 'ü'.repeat(KUBE_EVENTS.noteBytesMax) });
    await recorder.stop();
    const [event] = await eventsOf('long');
    expect(event?.note).toMatch(/^ü+…$/);
    expect(Buffer.byteLength(event?.note ?? '')).toBeLessThanOrEqual(KUBE_EVENTS.noteBytesMax);
  });

  test('there is a bound on how many are told', async () => {
    const regarded = await object('many');
    const recorder = recorderOf();
    for (let index = 0; index < KUBE_EVENTS.burst + 20; index += 1) {
      recorder.record(regarded, { ...WARNING, message: String(index) });
    }
    await recorder.stop();
    expect(await eventsOf('many')).toHaveLength(KUBE_EVENTS.burst);
  });

  test('what cannot be told fails nobody', async () => {
    const regarded = await object('untold');
    const gone = new KubeError(403, 'Forbidden', 'no');
    const recorder = recorderOf(
      new Proxy(cluster().client, { get: () => () => Promise.reject(gone) }),
    );
    recorder.record(regarded, WARNING);
    await recorder.stop();
    recorder.record(regarded, WARNING);
    expect(await eventsOf('untold')).toEqual([]);
  });
});
