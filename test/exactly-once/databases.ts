/** The databases that a message is applied in, each with a ledger that the tests write into. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { createPool } from 'mysql2/promise';
import pg from 'pg';

import {
  hasMariadb,
  hasPostgresql,
  startMariadb,
  startPostgresql,
} from '#support/database-process';
import { mysql, postgresql, sqlite } from '../../exactly-once/exactly-once.ts';
import type { Database } from '../../exactly-once/exactly-once.ts';

/** Short, since in one process a connection can't wait for another by standing still. */
const BUSY_MS = 50;
const POOL_CONNECTIONS = 8;
const LEDGER = `CREATE TABLE IF NOT EXISTS ledger (
  message VARCHAR(300) NOT NULL, amount BIGINT NOT NULL)`;

/** Statements in the dialect of any of them: `?` stands for each value. */
export type Execute = (sql: string, ...values: (string | number)[]) => Promise<void>;

/** One process's way to a database; what it writes through is not typed here. */
export interface Connected {
  readonly database: Database<unknown>;
  /** What the work writes through, made of what it is given. */
  readonly within: (transaction: unknown) => Execute;
  /** A single number. */
  readonly select: (sql: string) => Promise<number>;
  readonly close: () => Promise<void>;
}

export type DatabaseName = 'SQLite' | 'PostgreSQL' | 'MariaDB';

export interface Server {
  /** By which `connect` finds it, in another process too. */
  readonly address: string;
  stop(): Promise<void>;
}

export const INSTALLED: Readonly<Record<DatabaseName, boolean>> = {
  SQLite: true,
  PostgreSQL: hasPostgresql,
  MariaDB: hasMariadb,
};

export async function startDatabase(name: DatabaseName): Promise<Server> {
  if (name === 'SQLite') {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-db-'));
    const stop = () => rm(directory, { recursive: true });
    return { address: join(directory, 'ledger.db'), stop };
  }
  const { socket, stop } = await (name === 'MariaDB' ? startMariadb() : startPostgresql());
  return { address: socket, stop };
}

export async function connect(name: DatabaseName, address: string): Promise<Connected> {
  const connected = await CONNECT[name](address);
  await connected.database.createTable();
  return connected;
}

const CONNECT: Readonly<Record<DatabaseName, (address: string) => Promise<Connected>>> = {
  SQLite: connectSqlite,
  PostgreSQL: connectPostgresql,
  MariaDB: connectMariadb,
};

async function connectSqlite(path: string): Promise<Connected> {
  const connection = new DatabaseSync(path, { timeout: BUSY_MS });
  connection.exec('PRAGMA journal_mode = WAL');
  connection.exec(LEDGER);
  return {
    database: sqlite(connection),
    within:
      (transaction) =>
      async (sql, ...values) => {
        (transaction as DatabaseSync).prepare(sql).run(...values);
      },
    select: async (sql) => Number(Object.values(connection.prepare(sql).get() ?? {})[0] ?? 0),
    close: async () => connection.close(),
  };
}

async function connectPostgresql(host: string): Promise<Connected> {
  const user = 'sluice';
  const pool = new pg.Pool({ host, user, database: 'postgres', max: POOL_CONNECTIONS });
  pool.on('error', () => undefined); // the server is stopped at the end
  const database = postgresql(pool);
  await database.createTable();
  await pool.query(`SELECT pg_advisory_lock(1); ${LEDGER}; SELECT pg_advisory_unlock(1)`);
  return {
    database,
    within:
      (transaction) =>
      async (sql, ...values) => {
        let count = 0;
        const numbered = sql.replaceAll('?', () => `$${++count}`);
        await (transaction as pg.PoolClient).query(numbered, values);
      },
    select: async (sql) => Number(Object.values((await pool.query(sql)).rows[0] ?? {})[0] ?? 0),
    close: () => pool.end(),
  };
}

async function connectMariadb(socketPath: string): Promise<Connected> {
  const pool = createPool({
    socketPath,
    user: 'root',
    database: 'test',
    connectionLimit: POOL_CONNECTIONS,
  });
  await pool.query(`${LEDGER} CHARACTER SET utf8mb4`);
  // Else an update locks the rows of all others: a deadlock whenever two are at work.
  await pool.query('CREATE INDEX IF NOT EXISTS by_message ON ledger (message)');
  return {
    database: mysql(pool),
    within:
      (transaction) =>
      async (sql, ...values) => {
        await (transaction as typeof pool).query(sql, values);
      },
    select: async (sql) => {
      const [rows] = await pool.query(sql);
      return Number(Object.values((rows as object[])[0] ?? {})[0] ?? 0);
    },
    close: () => pool.end(),
  };
}
