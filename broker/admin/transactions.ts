/** Transaction calls of the admin service. */
import type { TransactionAdmin, TransactionInfo, TransactionState } from '#broker/admin/backend';
import type { AdminHandlers } from '#broker/admin/handlers';
import { foundPageOf } from '#broker/admin/page';
import { SluiceError } from '#lib/errors';
import { TransactionState as WireState } from '#proto/admin-types';
import type { TransactionInput } from '#proto/admin-types';

const WIRE_STATES: Readonly<Record<TransactionState, number>> = {
  open: WireState.OPEN,
  committed: WireState.COMMITTED,
  'rolled-back': WireState.ROLLED_BACK,
  'given-up': WireState.GIVEN_UP,
};

export function transactionHandlers(
  transactions: TransactionAdmin,
): AdminHandlers<'ListTransactions'> {
  return {
    async ListTransactions(request) {
      const what = { state: stateOf(request.state), topic: request.topic };
      const { entries, nextPageToken } = await foundPageOf(request, (after, limit) =>
        transactions.list(what, after, limit),
      );
      return { transactions: entries.map(toWire), nextPageToken };
    },
  };
}

function stateOf(wire: number): TransactionState {
  if (wire === WireState.TRANSACTION_STATE_UNSPECIFIED) return 'open';
  const states = Object.keys(WIRE_STATES) as TransactionState[];
  const state = states.find((name) => WIRE_STATES[name] === wire);
  if (!state) throw new SluiceError('BAD_REQUEST', `${wire} is no state of a transaction`);
  return state;
}

function toWire({ name, state, ...info }: TransactionInfo): TransactionInput {
  return { ...info, transactionId: name, state: WIRE_STATES[state] };
}
