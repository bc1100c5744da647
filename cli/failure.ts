/** What a person at the terminal reads when a command fails, and with which code it exits. */
import { status, type ServiceError } from '@grpc/grpc-js';
import { SluiceError, type ErrorCode } from '#lib/errors';
import { printable } from '#cli/table';

export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** The command was not given what it needs. */
export class UsageError extends Error {}

export interface Failure {
  readonly exitCode: number;
  /** For standard error, ends with a line feed. */
  readonly text: string;
}

/** `address` is the admin address that the command spoke to. */
export function failureOf(error: unknown, address: string): Failure {
  if (error instanceof UsageError) return failure(EXIT.usage, error.message);
  if (error instanceof SluiceError) {
    return failure(EXIT.failed, `${error.message} (${error.code})`, NEXT[error.code]);
  }
  if (isServiceError(error)) return failure(EXIT.failed, ...transportFailure(error, address));
  return failure(EXIT.failed, error instanceof Error ? error.message : String(error));
}

function failure(exitCode: number, what: string, next?: string): Failure {
  return { exitCode, text: failureText(what, next) };
}

/** What went wrong and what to do next, as all commands say it on standard error. */
export function failureText(what: string, next?: string): string {
  // The text may come from a server: it must not steer the terminal.
  const lines = what.split('\n').map(printable).join('\n');
  return `error: ${lines}\n${next === undefined ? '' : `next:  ${next}\n`}`;
}

const NEXT: Partial<Readonly<Record<ErrorCode, string>>> = {
  TOPIC_NOT_FOUND: '`sluice topic list` shows the topics, `sluice topic create NAME` makes one',
  CONSUMER_GROUP_NOT_FOUND:
    '`sluice group list` shows the groups, `sluice group create NAME` makes one',
  ALREADY_EXISTS: '`describe` shows what it is, `update` changes it',
  UNAUTHORIZED:
    'set SLUICE_ADMIN_TOKEN, or give --admin-token, to what the server was started with',
  DISK_FULL: 'free some disk space; the broker takes writes again by itself',
  STORE_UNAVAILABLE: '`sluice broker status` and the server log say why',
  INTERNAL_ERROR: 'the server log has the cause',
  TOO_MANY_REQUESTS: 'try again, slower: --rate for `message send`',
  BROKER_READ_ONLY: 'give another broker: --admin HOST:PORT',
  SHUTTING_DOWN: 'the server is stopping; try again once it runs',
};

function transportFailure({ code, details }: ServiceError, address: string): [string, string] {
  switch (code) {
    case status.UNAVAILABLE:
      return [
        `no Sluice answers at ${address}: ${lastError(details)}`,
        'is it running? `npm start` starts one; one elsewhere: --admin HOST:PORT or SLUICE_ADMIN',
      ];
    case status.DEADLINE_EXCEEDED:
      return [
        `${address} took the call but gave no answer in time`,
        '`sluice broker status` and the server log may say why',
      ];
    case status.UNIMPLEMENTED:
      return [
        `${address} is not the admin port of a Sluice of this version: ${details}`,
        'the admin port is 8091 unless the server was told otherwise; clients use another one',
      ];
    default:
      return [`${details} (${status[code]})`, `is ${address} the admin port of a Sluice?`];
  }
}

/** grpc-js wraps what the system said in sentences about itself, and adds the time to some. */
export function lastError(details: string): string {
  const inner = /Last error: (?:Error: )?(.+?)\.\s+Resolution note/s.exec(details)?.[1] ?? details;
  return inner.replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/, '').trimEnd();
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}
