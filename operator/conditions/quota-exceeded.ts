import type { Finding } from '#kube/api/conditions';
import type { ConditionFacts } from '#operator/conditions/facts';

/** Clients send and receive more than the instance may, so that some calls are turned away. */
export function quotaExceeded({ instance, brokers }: ConditionFacts): Finding {
  const type = 'QuotaExceeded';
  const { tps } = instance;
  if (tps === undefined) {
    return { type, status: 'False', reason: 'Unlimited', message: 'the instance has no quota' };
  }
  const throttled = throttledPerSecond(brokers);
  if (throttled <= 0) {
    const message = `clients stay below ${tps} messages a second`;
    return { type, status: 'False', reason: 'WithinQuota', message };
  }
  const more =
    instance.edition === 'Standard'
      ? 'the platinum edition has no fixed limit'
      : 'raise spec.capacity.tps';
  const message = `calls above ${tps} messages a second are turned away; ${more}`;
  return { type, status: 'True', reason: 'Throttled', message };
}

export function throttledPerSecond(brokers: ConditionFacts['brokers']): number {
  return [...brokers.values()].reduce(
    (sum, status) => sum + (status?.quota?.throttledPerSecond ?? 0),
    0,
  );
}
