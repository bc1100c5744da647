import type { Finding } from '#kube/api/conditions';
import type { ConditionFacts } from '#operator/conditions/facts';

/** Something is being changed. */
export function reconciling({ notes, blocked, isPaused }: ConditionFacts): Finding {
  const type = 'Reconciling';
  if (isPaused) {
    const message =
      'the annotation mq.sluice.dev/paused keeps everything as it is; remove it to go on';
    return { type, status: 'False', reason: 'Paused', message };
  }
  if (blocked && !blocked.isStalled) {
    return { type, status: 'True', reason: blocked.reason, message: blocked.message };
  }
  const [first] = notes;
  if (!first) return { type, status: 'False', reason: 'Done', message: 'nothing is being changed' };
  const message = notes.map((note) => note.message).join('; ');
  return { type, status: 'True', reason: first.reason, message };
}
