/** What applying a message once needs of a database. */

/** A message as its consumer group knows it. */
export interface AppliedMessage {
  /** The consumer group: each applies a message for itself. */
  readonly group: string;
  /** The topic that the message was sent to; of a dead letter the origin's. */
  readonly topic: string;
  /** Of its first delivery and of all that follow; of a dead letter the origin's. */
  readonly messageId: string;
}

/** Either way it is applied now, and can be acknowledged. */
export type Outcome = 'applied' | 'already applied';

/** The table `sluice_applied` in a database; `Transaction` is what the consumer writes through. */
export interface Database<Transaction> {
  /** The statements that create the table, for migrations. */
  readonly tableSql: readonly string[];
  /** Creates it unless it is there. */
  createTable(): Promise<void>;
  /**
   * Enters the message and does `work`, in one transaction; what either throws rolls both back.
   * Whoever else is at the same message meanwhile is waited for.
   */
  apply(
    message: AppliedMessage,
    nowMs: number,
    work: (transaction: Transaction) => unknown,
  ): Promise<Outcome>;
  /** Deletes at most `rows` of what was applied before `beforeMs`; returns how many. */
  forget(beforeMs: number, rows: number): Promise<number>;
}

/** The transaction is not what it was: an error in it was passed over in silence. */
export class LostTransactionError extends Error {
  override readonly name = 'LostTransactionError';

  constructor() {
    super(
      'the database has rolled the transaction back by itself after an error that did not come ' +
        'out of the work; nothing was applied',
    );
  }
}
