/** Transactions as the admin service sees them. */
import { TRANSACTION } from '#lib/transaction-limits';
import type { StoredMessage } from '#proto/message';
import { PROPERTY, parseProperties } from '#proto/properties';

import type { TransactionAdmin, TransactionInfo, TransactionState } from '#broker/admin/backend';
import type { Core } from '#broker/core';
import { OUTCOME } from '#broker/produce/half-records';
import type { Ended, Outcome } from '#broker/produce/half-records';
import type { Half } from '#broker/produce/half-table';
import { idOfTransaction, transactionIdOf } from '#broker/produce/transaction';

const OUTCOMES: Readonly<Record<Exclude<TransactionState, 'open'>, Outcome>> = {
  committed: OUTCOME.committed,
  'rolled-back': OUTCOME.rolledBack,
  'given-up': OUTCOME.givenUp,
};

export function transactionAdmin(core: Core): TransactionAdmin {
  return {
    async list({ state, topic }, after, limit) {
      const topicId = topic === '' ? undefined : core.topics.get(topic).id;
      const first = idOfTransaction(after);
      if (state === 'open') {
        const found = openOnes(core, topicId, first, limit);
        return Promise.all(found.map((half) => describeOpen(core, half)));
      }
      const found = await endedOnes(core, OUTCOMES[state], topicId, first, limit);
      return Promise.all(found.map((ended) => describeEnded(core, state, ended)));
    },
  };
}

function openOnes(core: Core, topicId: number | undefined, after: number, limit: number): Half[] {
  const found: Half[] = [];
  for (const half of core.transactions.table.all) {
    if (found.length === limit) break;
    if (half.id > after && (topicId ?? half.topicId) === half.topicId) found.push(half);
  }
  return found;
}

async function endedOnes(
  core: Core,
  outcome: Outcome,
  topicId: number | undefined,
  after: number,
  limit: number,
): Promise<Ended[]> {
  const { table } = core.transactions;
  const count = topicId === undefined ? limit : TRANSACTION.entriesPerRead;
  const found: Ended[] = [];
  for (let last = after; found.length < limit;) {
    const entries = await table.listEnded(outcome, last, count);
    found.push(...entries.filter((ended) => (topicId ?? ended.topicId) === ended.topicId));
    if (entries.length < count) break;
    last = entries.at(-1)?.id ?? last;
  }
  return found.slice(0, limit);
}

async function describeOpen(core: Core, half: Half): Promise<TransactionInfo> {
  const { message } = await core.transactions.read(half);
  const times = { nextCheckMs: half.timeMs, endedMs: undefined };
  return { ...describe(core, half, message), state: 'open', ...times };
}

async function describeEnded(
  core: Core,
  state: TransactionState,
  ended: Ended,
): Promise<TransactionInfo> {
  const message = await core.transactions.readEnded(ended);
  const times = { nextCheckMs: undefined, endedMs: ended.timeMs };
  return { ...describe(core, ended, message), state, ...times };
}

function describe(core: Core, half: Half | Ended, message: StoredMessage | undefined) {
  return {
    name: transactionIdOf(half),
    topic: core.topics.byId(half.topicId)?.name ?? '',
    messageId: message && parseProperties(message.properties).get(PROPERTY.messageId),
    begunMs: half.sinceMs,
    checks: half.checks,
  };
}
