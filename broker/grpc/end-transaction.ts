/** EndTransaction: a producer commits a half message or takes it back (wire.md A.9). */
import { SluiceError } from '#lib/errors';
import { OK_STATUS } from '#proto/codes';
import { codec } from '#proto/messages';
import { TransactionResolution } from '#proto/types';

import { readableTopic, resourceName } from '#broker/grpc/resources';
import type { UnaryRpc } from '#broker/grpc/services';

const request = codec('EndTransactionRequest');
const response = codec('EndTransactionResponse');

/** A producer that does not know says nothing. */
const OUTCOME: Readonly<Record<number, 'commit' | 'rollback'>> = {
  [TransactionResolution.COMMIT]: 'commit',
  [TransactionResolution.ROLLBACK]: 'rollback',
};

export const endTransaction: UnaryRpc = {
  kind: 'unary',
  async handle(bytes, _call, services) {
    const { topic: resource, messageId, transactionId, resolution } = request.decode(bytes);
    if (transactionId.trim() === '') {
      throw new SluiceError('INVALID_TRANSACTION_ID', 'the transaction id is missing');
    }
    const outcome = OUTCOME[resolution];
    if (!outcome) {
      throw new SluiceError('BAD_REQUEST', 'a transaction is either committed or rolled back');
    }
    const topic = readableTopic(resourceName(resource), services);
    await services.transactions.end({ topic, messageId, transactionId }, outcome);
    return response.encode({ status: OK_STATUS });
  },
  failure: (status) => response.encode({ status }),
};
