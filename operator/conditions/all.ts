/** Every condition of an instance, in the order in which `kubectl describe` shows them. */
import type { Finding } from '#kube/api/conditions';
import { diskPressure } from '#operator/conditions/disk-pressure';
import type { ConditionFacts } from '#operator/conditions/facts';
import { quiesced } from '#operator/conditions/quiesced';
import { quotaExceeded } from '#operator/conditions/quota-exceeded';
import { ready } from '#operator/conditions/ready';
import { reconciling } from '#operator/conditions/reconciling';
import { safeToRestart } from '#operator/conditions/safe-to-restart';
import { stalled } from '#operator/conditions/stalled';
import { zonesSatisfied } from '#operator/conditions/zones-satisfied';

const CONDITIONS: readonly ((facts: ConditionFacts) => Finding)[] = [
  ready,
  reconciling,
  stalled,
  quiesced,
  safeToRestart,
  zonesSatisfied,
  quotaExceeded,
  diskPressure,
];

export function findings(facts: ConditionFacts): Finding[] {
  return CONDITIONS.map((condition) => condition(facts));
}
