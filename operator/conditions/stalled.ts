import type { Finding } from '#kube/api/conditions';
import type { ConditionFacts } from '#operator/conditions/facts';

/** Nothing goes on until a person does something; the message says what. */
export function stalled({ blocked }: ConditionFacts): Finding {
  const type = 'Stalled';
  if (blocked?.isStalled) {
    return { type, status: 'True', reason: blocked.reason, message: blocked.message };
  }
  return { type, status: 'False', reason: 'NotStalled', message: 'nothing waits for a person' };
}
