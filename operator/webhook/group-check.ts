/** Consumer groups that are made or changed. */
import { groupProblems } from '#kube/api/cross-checks';
import { groupSpec, type ConsumerGroup } from '#kube/api/group';
import { checkOf } from '#operator/webhook/check';
import { instanceOf, instanceWarnings } from '#operator/webhook/known';

export const checkGroup = checkOf<ConsumerGroup>(groupSpec, (group, _before, known) => {
  const instance = instanceOf(group, known);
  return {
    problems: groupProblems(group, instance, known.groups()),
    warnings: instanceWarnings(group, instance),
  };
});
