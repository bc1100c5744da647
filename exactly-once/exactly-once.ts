/**
 * Applies a message once, together with the consumer's own writes to its database: the row that
 * says that it was applied is in the same transaction as those writes. docs/exactly-once.md
 */
export { applyOnce } from './apply-once.ts';
export { forgetApplied } from './forget-applied.ts';
export type { ForgetOptions } from './forget-applied.ts';
export { LostTransactionError } from './database.ts';
export type { AppliedMessage, Database, Outcome } from './database.ts';
export { mysql } from './mysql.ts';
export type { MysqlConnection, MysqlPool } from './mysql.ts';
export { postgresql } from './postgresql.ts';
export type { PostgresqlClient, PostgresqlPool } from './postgresql.ts';
export { sqlite } from './sqlite.ts';
export type { SqliteConnection } from './sqlite.ts';
