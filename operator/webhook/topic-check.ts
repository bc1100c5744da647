/** Topics that are made or changed. */
import { topicProblems } from '#kube/api/cross-checks';
import { topicSpec, type Topic } from '#kube/api/topic';
import { checkOf } from '#operator/webhook/check';
import { instanceOf, instanceWarnings } from '#operator/webhook/known';

export const checkTopic = checkOf<Topic>(topicSpec, (topic, before, known) => {
  const instance = instanceOf(topic, known);
  return {
    problems: topicProblems(topic, before, instance, known.topics()),
    warnings: instanceWarnings(topic, instance),
  };
});
