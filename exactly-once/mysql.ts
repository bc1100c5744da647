/** MySQL and MariaDB, by a pool or a connection of `mysql2/promise`. */
import { LostTransactionError } from './database.ts';
import type { AppliedMessage, Database, Outcome } from './database.ts';
import { Turns } from './turns.ts';

/** A connection, as `mysql2/promise` has it. */
export interface MysqlConnection {
  query(sql: string, values?: unknown[]): Promise<[unknown, unknown]>;
}

interface PooledConnection extends MysqlConnection {
  release(): void;
  destroy(): void;
}

/** A pool of connections, as `mysql2/promise` has it. */
export interface MysqlPool<Connection extends PooledConnection = PooledConnection> {
  getConnection(): Promise<Connection>;
}

/** Bytes, since texts that differ in case or in blanks at the end can be equal to MySQL. */
const TABLE = `CREATE TABLE IF NOT EXISTS sluice_applied (
  consumer_group VARBINARY(255) NOT NULL,
  topic VARBINARY(255) NOT NULL,
  message_id VARBINARY(255) NOT NULL,
  applied_ms BIGINT NOT NULL,
  PRIMARY KEY (consumer_group, topic, message_id),
  INDEX sluice_applied_by_time (applied_ms)
) ENGINE = InnoDB`;
/** Waits for whoever has entered the same message and has not committed yet. */
const ENTER = `INSERT INTO sluice_applied (consumer_group, topic, message_id, applied_ms)
  VALUES (?, ?, ?, ?)`;
const IS_ENTERED = `SELECT 1 FROM sluice_applied
  WHERE consumer_group = ? AND topic = ? AND message_id = ?`;
const FORGET = 'DELETE FROM sluice_applied WHERE applied_ms < ? ORDER BY applied_ms LIMIT ?';

/** ER_DUP_ENTRY, ER_LOCK_DEADLOCK */
const DUPLICATE = 1062;
const DEADLOCK = 1213;
/**
 * When one that entered a message rolls back, several that wait for it can be a deadlock to InnoDB.
 */
const ENTER_ATTEMPTS = 5;

/** The work gets the connection that the transaction is on. */
export function mysql<Connection extends PooledConnection>(
  pool: MysqlPool<Connection>,
): Database<Connection>;
export function mysql<Connection extends MysqlConnection>(
  connection: Connection,
): Database<Connection>;
export function mysql(
  source: MysqlPool | MysqlConnection,
): Database<PooledConnection> | Database<MysqlConnection> {
  if ('getConnection' in source) return new Mysql((work) => withPooled(source, work));
  const turns = new Turns();
  return new Mysql<MysqlConnection>((work) => turns.take(() => work(source)));
}

type WithConnection<Connection> = <Result>(
  work: (connection: Connection) => Promise<Result>,
) => Promise<Result>;

async function withPooled<Connection extends PooledConnection, Result>(
  pool: MysqlPool<Connection>,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await pool.getConnection();
  let isBroken = true;
  try {
    const result = await work(connection);
    isBroken = false;
    return result;
  } finally {
    // After an error the connection may still be in a transaction: another one costs little.
    if (isBroken) connection.destroy();
    else connection.release();
  }
}

class Mysql<Connection extends MysqlConnection> implements Database<Connection> {
  readonly tableSql = [TABLE];
  readonly #with: WithConnection<Connection>;

  constructor(withConnection: WithConnection<Connection>) {
    this.#with = withConnection;
  }

  async createTable(): Promise<void> {
    await this.#with((connection) => connection.query(TABLE));
  }

  apply(
    message: AppliedMessage,
    nowMs: number,
    work: (connection: Connection) => unknown,
  ): Promise<Outcome> {
    const { group, topic, messageId } = message;
    const key = [group, topic, messageId].map((name) => Buffer.from(name));
    return this.#with(async (connection) => {
      try {
        const isNew = await enter(connection, [...key, nowMs]);
        if (isNew) await work(connection);
        // After a deadlock, for one, that the work passed over, there is nothing left to commit.
        const [found] = await connection.query(IS_ENTERED, key);
        if ((found as unknown[]).length === 0) throw new LostTransactionError();
        await connection.query('COMMIT');
        return isNew ? 'applied' : 'already applied';
      } catch (error) {
        await rollBack(connection);
        throw error;
      }
    });
  }

  async forget(beforeMs: number, rows: number): Promise<number> {
    const [result] = await this.#with((connection) => connection.query(FORGET, [beforeMs, rows]));
    return (result as { affectedRows: number }).affectedRows;
  }
}

/** Begins a transaction with the message entered; false when it was before. */
async function enter(connection: MysqlConnection, row: readonly unknown[]): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    await connection.query('START TRANSACTION');
    try {
      await connection.query(ENTER, [...row]);
      return true;
    } catch (error) {
      const { errno } = error as { errno?: unknown };
      if (errno === DUPLICATE) return false;
      if (errno !== DEADLOCK || attempt === ENTER_ATTEMPTS) throw error;
      await connection.query('ROLLBACK');
    }
  }
}

async function rollBack(connection: MysqlConnection): Promise<void> {
  try {
    await connection.query('ROLLBACK');
  } catch {
    // The connection is gone, and the transaction with it; the first error says why.
  }
}
