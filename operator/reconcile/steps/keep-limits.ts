/** What the API server alone can't check: the webhook may have been away when it was asked. */
import { instanceProblems } from '#kube/api/cross-checks';
import { INSTANCES } from '#kube/resources';
import { stalled } from '#operator/reconcile/blocked';
import type { Step } from '#operator/reconcile/pass';

export const keepLimits: Step = async ({ object }, { caches }) => {
  const [problem] = instanceProblems(object, [...caches.all(INSTANCES)]);
  if (problem) throw stalled(problem.reason, problem.message);
};
