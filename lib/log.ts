/**
 * The process's log: one JSON object a line for machines, one plain line for people. Secrets are
 * replaced before they reach either.
 */
import { pino, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['pretty', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Where the lines go; standard output unless a test wants them. */
  readonly destination?: DestinationStream;
}

/** Fields that are secrets wherever they are logged, on their own or one object down. */
const SECRETS = ['adminToken', 'token', 'authorization', 'secretKey', 'signature', 'tlsKey'];

export function createLog({ level, format, destination }: LogOptions): Log {
  // Synchronous: the last lines before a crash are the ones that matter.
  const out = destination ?? pino.destination({ fd: 1, sync: true });
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause },
      redact: {
        paths: SECRETS.flatMap((field) => [field, `*.${field}`]),
        censor: '[secret]',
      },
    },
    format === 'pretty' ? { write: (line) => out.write(prettyLine(line)) } : out,
  );
}

/** `12:30:01.250 INFO  listening port=8081`, then the error's stack, if there is one. */
export function prettyLine(json: string): string {
  const { time, level, msg = '', error, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const clockTime = String(time).slice(11, 23);
  const head = `${clockTime} ${String(level).toUpperCase().padEnd(5)} ${String(msg)}`;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${prettyValue(value)}`);
  return `${head}${rest.join('')}${prettyError(error)}\n`;
}

function prettyValue(value: unknown): string {
  const isPlain = typeof value === 'string' && /^[^\s"=]+$/.test(value);
  return isPlain ? value : JSON.stringify(value);
}

function prettyError(error: unknown): string {
  if (error === undefined) return '';
  const stack = error instanceof Object && 'stack' in error ? error.stack : undefined;
  if (typeof stack !== 'string') return ` error=${prettyValue(error)}`;
  const cause = error instanceof Object && 'cause' in error ? error.cause : undefined;
  const because = cause === undefined ? '' : `\n  because of${prettyError(cause)}`;
  return `\n${stack.replace(/^/gm, '    ')}${because}`;
}
