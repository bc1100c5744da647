import type { Finding } from '#kube/api/conditions';
import type { ConditionFacts } from '#operator/conditions/facts';
import { podTrouble } from '#operator/reconcile/pod-trouble';

/** Clients are served by every shard, and can find it. */
export function ready({ facts, blocked }: ConditionFacts): Finding {
  const no = (reason: string, message: string): Finding => ({
    type: 'Ready',
    status: 'False',
    reason,
    message,
  });
  if (blocked) return no(blocked.reason, blocked.message);
  const wanted = facts.shards.filter(({ isWanted }) => isWanted);
  const down = wanted.filter(({ isReady }) => !isReady);
  const [first] = down;
  if (first) {
    const up = wanted.length - down.length;
    return no(
      'BrokersNotReady',
      `${up} of ${wanted.length} brokers are ready; ${podTrouble(first)}`,
    );
  }
  const nameServer = facts.nameServers.find(({ isReady }) => !isReady);
  if (nameServer && !facts.nameServers.some(({ isReady }) => isReady)) {
    return no('NameServersNotReady', `no name server is ready; ${podTrouble(nameServer)}`);
  }
  const message = nameServer
    ? `all brokers are ready, not all name servers: ${podTrouble(nameServer)}`
    : 'all brokers and name servers are ready';
  return { type: 'Ready', status: 'True', reason: 'Serving', message };
}
