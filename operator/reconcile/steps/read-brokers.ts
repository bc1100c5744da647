/** Asks every broker that runs how it is; a broker that does not answer holds nothing up. */
import type { BrokerStatusResponse } from '#proto/admin-types';
import type { ShardFacts } from '#operator/reconcile/facts';
import type { Pass, Step, Tools } from '#operator/reconcile/pass';

export const readBrokers: Step = async (pass, tools) => {
  const answers = pass.facts.shards.map(async (shard) => {
    pass.brokers.set(shard.number, await ask(shard, pass, tools));
  });
  await Promise.all(answers);
};

async function ask(
  { isReady, number, broker }: ShardFacts,
  { instance }: Pass,
  { admins, log }: Tools,
): Promise<BrokerStatusResponse | undefined> {
  if (!isReady) return undefined;
  try {
    return await admins.of(instance, number).status();
  } catch (error) {
    log.debug({ broker, error }, 'a broker did not tell its status');
    return undefined;
  }
}
