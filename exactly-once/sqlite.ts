/** SQLite, by a connection of `node:sqlite` or of `better-sqlite3`. */
import { setTimeout as sleep } from 'node:timers/promises';

import { LostTransactionError } from './database.ts';
import type { AppliedMessage, Database, Outcome } from './database.ts';
import { Turns } from './turns.ts';

interface SqliteStatement {
  run(...values: (string | number)[]): { readonly changes: number | bigint };
  get(...values: (string | number)[]): unknown;
}

/** A connection: a `DatabaseSync` of `node:sqlite`, or a `Database` of `better-sqlite3`. */
export interface SqliteConnection {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

const TABLE = `CREATE TABLE IF NOT EXISTS sluice_applied (
  consumer_group TEXT NOT NULL,
  topic TEXT NOT NULL,
  message_id TEXT NOT NULL,
  applied_ms INTEGER NOT NULL,
  PRIMARY KEY (consumer_group, topic, message_id)
)`;
const TIME_INDEX = `CREATE INDEX IF NOT EXISTS sluice_applied_by_time
  ON sluice_applied (applied_ms)`;
const ENTER = `INSERT INTO sluice_applied (consumer_group, topic, message_id, applied_ms)
  VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const IS_ENTERED = `SELECT 1 FROM sluice_applied
  WHERE consumer_group = ? AND topic = ? AND message_id = ?`;
const FORGET = `DELETE FROM sluice_applied WHERE rowid IN (
  SELECT rowid FROM sluice_applied WHERE applied_ms < ? LIMIT ?)`;

/** While another connection writes: how often it is asked again, and for how long. */
const BUSY_RETRY_MS = 5;
const BUSY_MS = 10_000;
/** SQLITE_BUSY, as the two packages say it. */
const BUSY_NUMBER = 5;
/** The rest of an error's number says more of the same. */
const PRIMARY_BITS = 255;
const BUSY_CODE = 'SQLITE_BUSY';

/**
 * The work gets the connection. Give it one of its own: what others write through it while the
 * work waits for something would be in the same transaction.
 */
export function sqlite<Connection extends SqliteConnection>(
  connection: Connection,
): Database<Connection> {
  return new Sqlite(connection);
}

class Sqlite<Connection extends SqliteConnection> implements Database<Connection> {
  readonly tableSql = [TABLE, TIME_INDEX];
  readonly #connection: Connection;
  readonly #turns = new Turns();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  createTable(): Promise<void> {
    return this.#transaction(async (connection) => {
      for (const sql of this.tableSql) connection.exec(sql);
    });
  }

  apply(
    { group, topic, messageId }: AppliedMessage,
    nowMs: number,
    work: (connection: Connection) => unknown,
  ): Promise<Outcome> {
    const key = [group, topic, messageId] as const;
    return this.#transaction(async (connection) => {
      const { changes } = connection.prepare(ENTER).run(...key, nowMs);
      const isNew = Number(changes) > 0;
      if (isNew) await work(connection);
      // After some errors that the work passed over, the transaction is not there any more.
      if (connection.prepare(IS_ENTERED).get(...key) === undefined)
        throw new LostTransactionError();
      return isNew ? 'applied' : 'already applied';
    });
  }

  forget(beforeMs: number, rows: number): Promise<number> {
    return this.#transaction(async (connection) => {
      return Number(connection.prepare(FORGET).run(beforeMs, rows).changes);
    });
  }

  #transaction<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = this.#connection;
    return this.#turns.take(async () => {
      await begin(connection);
      try {
        const result = await work(connection);
        connection.exec('COMMIT');
        return result;
      } catch (error) {
        rollBack(connection);
        throw error;
      }
    });
  }
}

/**
 * As a writer from the beginning, since who becomes one later can be refused for another's sake.
 * Waits without standing still: who writes may be another connection of this process.
 */
async function begin(connection: SqliteConnection): Promise<void> {
  for (const endMs = performance.now() + BUSY_MS; ;) {
    try {
      connection.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > endMs) throw error;
      await sleep(BUSY_RETRY_MS);
    }
  }
}

function isBusy(error: unknown): boolean {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  return (Number(errcode) & PRIMARY_BITS) === BUSY_NUMBER || String(code).startsWith(BUSY_CODE);
}

function rollBack(connection: SqliteConnection): void {
  try {
    connection.exec('ROLLBACK');
  } catch {
    // SQLite has rolled back by itself; the first error says why.
  }
}
