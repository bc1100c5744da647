import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { statusReporter } from '#broker/core-admin/status';
import type { StatusReporter } from '#broker/core-admin/status';
import { exposeMetrics } from '#broker/exposition';
import { createRegistry } from '#lib/metrics';
import { receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

/** Rates are over the last full window of 5 s. */
const WINDOW_MS = 5000;

describe('what a broker says of its place in a fleet', () => {
  let faulty: FaultyCore;
  let reporter: StatusReporter;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    const { core, clock } = faulty;
    reporter = statusReporter({ core, clock, durability: 'sync', connections: () => 0 });
  });

  afterEach(async () => {
    reporter.stop();
    await faulty.dispose();
  });

  async function metrics(): Promise<string> {
    const registry = createRegistry();
    const none = () => 0;
    const core = () => faulty.core;
    const counts = { rejectedConnections: none, openConnections: none };
    exposeMetrics({ registry, durability: 'sync', core, ...counts });
    return registry.metrics();
  }

  /** One message in the dead letters of a group. */
  async function deadLetter(): Promise<void> {
    const { core, clock } = faulty;
    const topic = await core.topics.create('orders', 'normal', 1);
    const group = await core.groups.create('billing', { retryMaxTimes: 0 });
    await send(core, topic, { id: 'A' });
    await receive(core, group, topic, { invisibleMs: 1000 });
    await clock.advanceAsync(1000);
    await core.store.whenCommitted(core.store.end);
  }

  test('outside of one it is unlimited, and takes everything', async () => {
    expect(reporter.status()).toMatchObject({
      edition: 'platinum',
      readOnly: false,
      fleetRevision: undefined,
      quota: { limitPerSecond: undefined, passedPerSecond: 0, throttledPerSecond: 0 },
      deadLetters: 0,
    });
    const text = await metrics();
    expect(text).toMatch(/^sluice_edition{edition="platinum"} 1$/m);
    expect(text).toMatch(/^sluice_broker_read_only 0$/m);
    expect(text).toMatch(/^sluice_quota_messages_per_second \+Inf$/m);
    expect(text).toMatch(/^sluice_throttled_messages_total{direction="in"} 0$/m);
  });

  test('in one: edition, settings, quota with what passes it and what does not', async () => {
    const { core, clock } = faulty;
    await deadLetter();
    core.mode.set({ edition: 'standard', readOnly: true, revision: 'r1' });
    core.quota.setRate(320);
    core.quota.admitSend(20);
    expect(() => core.quota.admitSend(30)).toThrow('320 messages/s');
    while (core.quota.chargeReceive()) continue;
    expect(() => core.quota.admitReceive()).toThrow('320 messages/s');
    clock.advance(WINDOW_MS);
    expect(reporter.status()).toMatchObject({
      edition: 'standard',
      readOnly: true,
      fleetRevision: 'r1',
      quota: { limitPerSecond: 320, passedPerSecond: 64 / 5, throttledPerSecond: 31 / 5 },
      deadLetters: 1,
    });
    const text = await metrics();
    expect(text).toMatch(/^sluice_edition{edition="standard"} 1$/m);
    expect(text).toMatch(/^sluice_broker_read_only 1$/m);
    expect(text).toMatch(/^sluice_quota_messages_per_second 320$/m);
    expect(text).toMatch(/^sluice_quota_messages_total{direction="out"} 44$/m);
    expect(text).toMatch(/^sluice_throttled_messages_total{direction="in"} 30$/m);
    expect(text).toMatch(/^sluice_throttled_messages_total{direction="out"} 1$/m);
    expect(text).toMatch(/^sluice_dead_letters 1$/m);
  });
});
