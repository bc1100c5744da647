/** PostgreSQL, by a pool or a client of the package `pg`. */
import { LostTransactionError } from './database.ts';
import type { AppliedMessage, Database, Outcome } from './database.ts';
import { Turns } from './turns.ts';

interface PostgresqlResult {
  readonly rowCount: number | null;
  readonly command: string;
}

/** A connection, as `pg` has it. */
export interface PostgresqlClient {
  query(text: string, values?: unknown[]): Promise<PostgresqlResult>;
}

interface PooledClient extends PostgresqlClient {
  /** With `true`, the connection is closed and not used again. */
  release(destroy?: boolean): void;
}

/** A pool of connections, as `pg` has it. */
export interface PostgresqlPool {
  readonly totalCount: number;
  connect(): Promise<PooledClient>;
}

/** What a pool gives out; that of `pg` also takes a callback. */
type ClientOf<Pool extends PostgresqlPool> = Pool extends {
  connect: { (): Promise<infer Client>; (callback: never): void };
}
  ? Client
  : Awaited<ReturnType<Pool['connect']>>;

const TABLE = `CREATE TABLE IF NOT EXISTS sluice_applied (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  message_id text NOT NULL,
  applied_ms bigint NOT NULL,
  PRIMARY KEY (consumer_group, topic, message_id)
)`;
const TIME_INDEX = `CREATE INDEX IF NOT EXISTS sluice_applied_by_time
  ON sluice_applied (applied_ms)`;
/** Two that create the table at once would otherwise get into each other's way. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtext('sluice_applied'))`;
/** Waits for whoever has entered the same message and has not committed yet. */
const ENTER = `INSERT INTO sluice_applied (consumer_group, topic, message_id, applied_ms)
  VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`;
const FORGET = `DELETE FROM sluice_applied WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM sluice_applied WHERE applied_ms < $1 LIMIT $2))`;

/** The work gets the connection that the transaction is on. */
export function postgresql<Pool extends PostgresqlPool>(pool: Pool): Database<ClientOf<Pool>>;
export function postgresql<Client extends PostgresqlClient>(client: Client): Database<Client>;
export function postgresql(
  source: PostgresqlPool | PostgresqlClient,
): Database<PooledClient> | Database<PostgresqlClient> {
  if ('totalCount' in source) return new Postgresql((work) => withPooled(source, work));
  const turns = new Turns();
  return new Postgresql<PostgresqlClient>((work) => turns.take(() => work(source)));
}

type WithClient<Client> = <Result>(work: (client: Client) => Promise<Result>) => Promise<Result>;

async function withPooled<Result>(
  pool: PostgresqlPool,
  work: (client: PooledClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    const result = await work(client);
    isBroken = false;
    return result;
  } finally {
    // After an error the connection may still be in a transaction: another one costs little.
    client.release(isBroken);
  }
}

class Postgresql<Client extends PostgresqlClient> implements Database<Client> {
  readonly tableSql = [TABLE, TIME_INDEX];
  readonly #with: WithClient<Client>;

  constructor(withClient: WithClient<Client>) {
    this.#with = withClient;
  }

  async createTable(): Promise<void> {
    await this.#transaction(async (client) => {
      await client.query(LOCK);
      for (const sql of this.tableSql) await client.query(sql);
    });
  }

  apply(
    { group, topic, messageId }: AppliedMessage,
    nowMs: number,
    work: (client: Client) => unknown,
  ): Promise<Outcome> {
    return this.#transaction(async (client) => {
      const { rowCount } = await client.query(ENTER, [group, topic, messageId, nowMs]);
      if (rowCount === 0) return 'already applied';
      await work(client);
      return 'applied';
    });
  }

  async forget(beforeMs: number, rows: number): Promise<number> {
    const { rowCount } = await this.#with((client) => client.query(FORGET, [beforeMs, rows]));
    return rowCount ?? 0;
  }

  #transaction<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    return this.#with(async (client) => {
      await client.query('BEGIN');
      let result: Result;
      try {
        result = await work(client);
      } catch (error) {
        await rollBack(client);
        throw error;
      }
      // After an error that the work passed over, PostgreSQL takes a COMMIT for a ROLLBACK.
      const { command } = await client.query('COMMIT');
      if (command !== 'COMMIT') throw new LostTransactionError();
      return result;
    });
  }
}

async function rollBack(client: PostgresqlClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
  } catch {
    // The connection is gone, and the transaction with it; the first error says why.
  }
}
