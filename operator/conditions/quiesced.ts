import type { Finding } from '#kube/api/conditions';
import type { ConditionFacts } from '#operator/conditions/facts';

/** All is as the spec wants it: nothing is left to do. */
export function quiesced(facts: ConditionFacts): Finding {
  const type = 'Quiesced';
  const { notes, blocked, isPaused } = facts;
  const { shards, nameServers } = facts.facts;
  if (isPaused)
    return { type, status: 'False', reason: 'Paused', message: 'reconciling is paused' };
  if (blocked) return { type, status: 'False', reason: blocked.reason, message: blocked.message };
  const [note] = notes;
  if (note) return { type, status: 'False', reason: note.reason, message: note.message };
  const down = [...shards, ...nameServers].filter(({ isReady }) => !isReady);
  if (down.length > 0) {
    const names = down.map(({ name }) => name).join(', ');
    return { type, status: 'False', reason: 'PodsNotReady', message: `${names} are not ready` };
  }
  return { type, status: 'True', reason: 'Done', message: 'everything is as the spec wants it' };
}
