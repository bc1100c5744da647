/** The state of the broker as a whole, for the admin service. */
import type { Clock } from '#lib/clock';
import { VERSION } from '#lib/version';

import type { BrokerStatus } from '#broker/admin/backend';
import { deadLettersOf } from '#broker/core-admin/unread';
import type { Core } from '#broker/core';
import type { Durability } from '#broker/store/commit-log';

/** Between two looks at the counts; rates are over the last full one. */
const RATE_WINDOW_MS = 5_000;
const SECOND_MS = 1000;

interface Counts {
  atMs: number;
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
  passed: number;
  throttled: number;
}

export interface StatusOptions {
  core: Core;
  clock: Clock;
  durability: Durability;
  /** Open client connections. */
  connections: () => number;
}

export interface StatusReporter {
  status: () => BrokerStatus;
  stop: () => void;
}

export function statusReporter(options: StatusOptions): StatusReporter {
  const { core, clock, durability, connections } = options;
  const startedMs = clock.nowMs();
  let earlier = countsOf(core, startedMs);
  let latest = earlier;
  const timer = clock.setInterval(() => {
    earlier = latest;
    latest = countsOf(core, clock.nowMs());
  }, RATE_WINDOW_MS);
  const status = (): BrokerStatus => {
    const { start, end, committed, applied, segments, freeBytes, totalBytes } = core.store.status;
    return {
      version: VERSION,
      identity: core.identity.id,
      durability,
      startedMs,
      uptimeMs: clock.nowMs() - startedMs,
      readOnlyReason: core.store.readOnlyReason?.message,
      log: {
        startOffset: start,
        endOffset: end,
        committedOffset: committed,
        appliedOffset: applied,
        segments,
      },
      disk: { usedBytes: end - start, freeBytes, totalBytes },
      topics: core.topics.count,
      groups: core.groups.count,
      connections: connections(),
      memoryBytes: process.memoryUsage.rss(),
      rates: ratesBetween(earlier, latest),
      edition: core.mode.edition,
      readOnly: core.mode.readOnly,
      fleetRevision: core.mode.revision,
      quota: { limitPerSecond: core.quota.perSecond, ...quotaRates(earlier, latest) },
      deadLetters: deadLettersOf(core),
    };
  };
  return { status, stop: () => timer.cancel() };
}

function countsOf({ traffic, quota }: Core, atMs: number): Counts {
  const { in: received, out } = traffic.totals;
  return {
    atMs,
    messagesIn: received.messages,
    messagesOut: out.messages,
    bytesIn: received.bytes,
    bytesOut: out.bytes,
    passed: quota.sent.passed + quota.received.passed,
    throttled: quota.sent.throttled + quota.received.throttled,
  };
}

function rateBetween(from: Counts, to: Counts): (key: keyof Counts) => number {
  const seconds = Math.max(1, to.atMs - from.atMs) / SECOND_MS;
  return (key) => (to[key] - from[key]) / seconds;
}

function quotaRates(from: Counts, to: Counts) {
  const rate = rateBetween(from, to);
  return { passedPerSecond: rate('passed'), throttledPerSecond: rate('throttled') };
}

function ratesBetween(from: Counts, to: Counts): BrokerStatus['rates'] {
  const rate = rateBetween(from, to);
  return {
    messagesInPerSecond: rate('messagesIn'),
    messagesOutPerSecond: rate('messagesOut'),
    bytesInPerSecond: rate('bytesIn'),
    bytesOutPerSecond: rate('bytesOut'),
  };
}
