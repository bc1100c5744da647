import type { Finding } from '#kube/api/conditions';
import { OPERATOR } from '#lib/kubernetes-limits';
import type { ConditionFacts } from '#operator/conditions/facts';

/** A broker turns writes away for want of room, or soon will. */
export function diskPressure({ facts, brokers }: ConditionFacts): Finding {
  const type = 'DiskPressure';
  for (const { number, broker } of facts.shards) {
    const status = brokers.get(number);
    if (!status) continue;
    if (status.readOnlyReason !== undefined) {
      const why = status.readOnlyReason;
      const message = `${broker} takes no messages: ${why}; raise spec.capacity.storage`;
      return { type, status: 'True', reason: 'WritesRefused', message };
    }
    const { usedBytes = 0, totalBytes = 0 } = status.disk ?? {};
    if (totalBytes > 0 && usedBytes / totalBytes > OPERATOR.diskPressureShare) {
      const percent = Math.round((usedBytes / totalBytes) * 100);
      const message =
        `the volume of ${broker} is ${percent} % full: the oldest messages go early; ` +
        'raise spec.capacity.storage';
      return { type, status: 'True', reason: 'NearlyFull', message };
    }
  }
  return { type, status: 'False', reason: 'EnoughRoom', message: 'all volumes have room' };
}
