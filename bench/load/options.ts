/** The generator's command line, as it is written and as it is read. */
import { parseArgs } from 'node:util';
import { MESSAGE_KINDS, type MessageKind, type Schedule } from './kinds.ts';

const MODES = ['produce', 'drain', 'both', 'poll', 'hold'] as const;

const FILTER_TYPES = ['tag', 'sql'] as const;

export interface LoadOptions extends Schedule {
  /**
   * `poll` receives where nothing comes, to see what waiting costs; `hold` opens connections, makes
   * one call on each, and does nothing more with them.
   */
  readonly mode: (typeof MODES)[number];
  readonly host: string;
  readonly port: number;
  readonly topics: readonly string[];
  readonly group: string;
  /** Messages to send or to drain; 0: as many as fit in `seconds`. */
  readonly messages: number;
  readonly seconds: number;
  /**
   * Before the measurement: a drain, the first `warmupMessages`; a timed run, both at least. A
   * server that compiles while it runs needs messages, not time, to become warm.
   */
  readonly warmupSeconds: number;
  readonly warmupMessages: number;
  readonly inFlight: number;
  readonly connections: number;
  readonly receivers: number;
  /** Messages that a receive call asks for. */
  readonly batch: number;
  readonly bodyBytes: number;
  readonly ack: 'single' | 'batch';
  readonly consumer: 'simple' | 'push';
  readonly kind: MessageKind;
  /** What a consumer asks for. */
  readonly filter: string;
  readonly filterType: (typeof FILTER_TYPES)[number];
}

const DEFAULTS: LoadOptions = {
  mode: 'produce',
  host: '127.0.0.1',
  port: 8081,
  topics: ['bench'],
  group: 'bench',
  messages: 0,
  seconds: 20,
  warmupSeconds: 5,
  warmupMessages: 0,
  inFlight: 64,
  connections: 4,
  receivers: 8,
  batch: 32,
  bodyBytes: 1024,
  ack: 'single',
  consumer: 'simple',
  kind: 'normal',
  filter: '*',
  filterType: 'tag',
  dueAt: 0,
  duePerSecond: 0,
  delayMs: 1000,
};

const NAMES = Object.keys(DEFAULTS) as (keyof LoadOptions)[];

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function toArguments(options: Partial<LoadOptions>): string[] {
  return NAMES.flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [`--${kebab(name)}`, String(value)];
  });
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`--${name} is one of ${allowed.join(', ')}: ${value}`);
  return found;
}

/** Unknown options and numbers that are none throw. */
export function fromArguments(args: readonly string[]): LoadOptions {
  const { values } = parseArgs({
    args: [...args],
    options: Object.fromEntries(NAMES.map((name) => [kebab(name), { type: 'string' as const }])),
  });
  const text = (name: keyof LoadOptions): string => String(values[kebab(name)] ?? DEFAULTS[name]);
  const number = (name: keyof LoadOptions): number => {
    const value = Number(text(name));
    if (!(value >= 0)) throw new Error(`--${kebab(name)} is a number: ${text(name)}`);
    return value;
  };
  return {
    mode: oneOf('mode', text('mode'), MODES),
    host: text('host'),
    port: number('port'),
    topics: text('topics').split(','),
    group: text('group'),
    messages: number('messages'),
    seconds: number('seconds'),
    warmupSeconds: number('warmupSeconds'),
    warmupMessages: number('warmupMessages'),
    inFlight: number('inFlight'),
    connections: number('connections'),
    receivers: number('receivers'),
    batch: number('batch'),
    bodyBytes: number('bodyBytes'),
    ack: oneOf('ack', text('ack'), ['single', 'batch']),
    consumer: oneOf('consumer', text('consumer'), ['simple', 'push']),
    kind: oneOf('kind', text('kind'), MESSAGE_KINDS),
    filter: text('filter'),
    filterType: oneOf('filterType', text('filterType'), FILTER_TYPES),
    dueAt: number('dueAt'),
    duePerSecond: number('duePerSecond'),
    delayMs: number('delayMs'),
  };
}
