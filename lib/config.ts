/**
 * Configuration of a process from one zod schema: command line flags, `SLUICE_*` variables and a
 * config file have the same settings under the same names, and what is unknown or out of range is
 * refused before anything starts. Flag wins over variable, variable over file, file over default.
 *
 *   grpcPort  =  --grpc-port 8081  =  SLUICE_GRPC_PORT=8081  =  grpc-port: 8081
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { isNativeError } from 'node:util/types';
import { parse } from 'yaml';
import { z } from 'zod';
import { SluiceError } from '#lib/errors';
import { CONFIG } from '#lib/limits';
import { didYouMean } from '#lib/nearest';

/** What the help and the refusals say of a setting beside what its schema knows. */
export interface SettingNotes {
  readonly help: string;
  /** Stands for the value in the help, e.g. PORT. */
  readonly placeholder?: string;
  readonly unit?: string;
  /** What is allowed, where the schema alone can't put it in words. */
  readonly allowed?: string;
  /** In words, for a setting without a fixed default. */
  readonly defaultNote?: string;
  /** Never shown. */
  readonly secret?: boolean;
}

/** Where a schema's fields keep their notes: `z.int().default(8081).register(notes, {…})`. */
export const notes = z.registry<SettingNotes>();

/** One setting of a schema, under its name in each source. */
export interface Setting extends SettingNotes {
  /** As in the code: grpcPort. */
  readonly name: string;
  /** As in the config file, and behind `--` on the command line: grpc-port. */
  readonly key: string;
  /** SLUICE_GRPC_PORT */
  readonly variable: string;
  readonly kind: 'number' | 'boolean' | 'text';
  /** Undefined when there is none, or none that is fixed. */
  readonly defaultValue: string | number | boolean | undefined;
  readonly allowed: string;
  /** One of a few words, which `allowed` lists. */
  readonly isChoice: boolean;
}

export type ConfigSchema = z.ZodObject;

/** Everything that a configuration is read from. */
export interface ConfigSources {
  /** By setting name, as text (booleans as booleans); absent or undefined = not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** SLUICE_* variables that belong to somebody else and are let through. */
  readonly otherVariables?: readonly string[];
}

/** Every setting of the schema, in its order. */
export function settingsOf(schema: ConfigSchema): readonly Setting[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const own = notes.get(field as z.ZodType) ?? { help: '' };
    const shape = z.toJSONSchema(field as z.ZodType, { io: 'input' });
    const key = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return {
      allowed: allowedValues(shape),
      ...own,
      name,
      key,
      variable: `SLUICE_${key.replaceAll('-', '_').toUpperCase()}`,
      kind: kindOf(shape),
      isChoice: shape.enum !== undefined,
      defaultValue: shape.default as Setting['defaultValue'],
    };
  });
}

/**
 * Reads, checks and freezes the configuration. A setting named `config` is the path of the config
 * file. Throws BAD_REQUEST that lists every problem: its place, what was given, what is allowed.
 */
export function loadConfig<S extends ConfigSchema>(
  schema: S,
  sources: ConfigSources,
): Readonly<z.output<S>> {
  const settings = settingsOf(schema);
  const given = new Map<string, Given>();
  const problems: string[] = [];
  const path = sources.flags.config ?? (sources.env.SLUICE_CONFIG || undefined);
  if (typeof path === 'string') takeFile(path, settings, given, problems);
  takeVariables(sources, settings, given, problems);
  takeFlags(sources.flags, settings, given);
  const values = Object.fromEntries([...given].map(([name, { value }]) => [name, value]));
  const result = schema.safeParse(values);
  for (const issue of result.error?.issues ?? []) {
    problems.push(describeIssue(issue, settings, given));
  }
  if (problems.length > 0 || !result.success) throw refusal(problems);
  return Object.freeze(result.data);
}

interface Given {
  readonly value: unknown;
  /** How the value got here, for messages: `--grpc-port`, `SLUICE_GRPC_PORT`, … */
  readonly place: string;
}

type GivenValues = Map<string, Given>;

function takeFile(
  path: string,
  settings: readonly Setting[],
  given: GivenValues,
  problems: string[],
): void {
  const inFile = settings.filter((setting) => setting.name !== 'config');
  for (const [key, value] of Object.entries(readConfigFile(path))) {
    const setting = inFile.find((candidate) => candidate.key === key);
    const place = `"${key}" in the config file ${path}`;
    if (setting) given.set(setting.name, { value: value ?? undefined, place });
    else
      problems.push(
        `${place}: unknown${didYouMean(
          key,
          inFile.map((known) => known.key),
        )}`,
      );
  }
}

function readConfigFile(path: string): Record<string, unknown> {
  const content = parseConfigFile(path);
  if (content === null) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new SluiceError(
      'BAD_REQUEST',
      `the config file ${path} must be a map of settings, e.g. "grpc-port: 8081"`,
    );
  }
  return content as Record<string, unknown>;
}

function parseConfigFile(path: string): unknown {
  try {
    // JSON is a subset of YAML, so one parser reads both; it refuses a key that comes twice.
    return parse(readBounded(path), { logLevel: 'error' });
  } catch (cause) {
    const reason = isNativeError(cause) ? cause.message.split('\n')[0] : String(cause);
    throw new SluiceError('BAD_REQUEST', `the config file ${path} can't be read: ${reason}`, {
      cause,
    });
  }
}

function readBounded(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > CONFIG.fileBytesMax) {
      throw new Error(`it has ${size} bytes; at most ${CONFIG.fileBytesMax} are allowed`);
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function takeVariables(
  { env, otherVariables = [] }: ConfigSources,
  settings: readonly Setting[],
  given: GivenValues,
  problems: string[],
): void {
  for (const [variable, text] of Object.entries(env)) {
    // Empty is unset: the usual way to take a variable back in compose files and CI.
    if (!variable.startsWith('SLUICE_') || text === undefined || text === '') continue;
    if (isServiceLink(variable, text)) continue;
    const setting = settings.find((candidate) => candidate.variable === variable);
    if (setting) {
      given.set(setting.name, { value: fromText(setting, text), place: variable });
    } else if (!otherVariables.includes(variable)) {
      const known = [...settings.map((candidate) => candidate.variable), ...otherVariables];
      problems.push(`${variable} in the environment: unknown${didYouMean(variable, known)}`);
    }
  }
}

/**
 * Kubernetes puts variables for every Service of the namespace into each pod. A Service called
 * `sluice` or `sluice-grpc` would otherwise look like settings of ours.
 */
function isServiceLink(variable: string, text: string): boolean {
  return SERVICE_LINK_NAME.test(variable) || /^(tcp|udp|sctp):\/\//.test(text);
}

const SERVICE_LINK_NAME =
  /_SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;

function takeFlags(
  flags: Readonly<Record<string, unknown>>,
  settings: readonly Setting[],
  given: GivenValues,
): void {
  for (const setting of settings) {
    const value = flags[setting.name];
    if (value === undefined) continue;
    const text = typeof value === 'string' ? fromText(setting, value) : value;
    given.set(setting.name, { value: text, place: flagOf(setting) });
  }
}

/** The setting's flag: `--grpc-port`; of a switch that is on by default, the one that says no. */
export function flagOf(setting: Setting): string {
  const isOnByDefault = setting.kind === 'boolean' && setting.defaultValue === true;
  return isOnByDefault ? `--no-${setting.key}` : `--${setting.key}`;
}

/** Text as the schema's type; what does not fit stays text, and the schema refuses it. */
function fromText(setting: Setting, text: string): unknown {
  if (setting.kind === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (setting.kind === 'boolean') return ({ true: true, false: false } as const)[text] ?? text;
  return text;
}

function describeIssue(
  issue: z.core.$ZodIssue,
  settings: readonly Setting[],
  given: GivenValues,
): string {
  const name = String(issue.path[0] ?? '');
  const setting = settings.find((candidate) => candidate.name === name);
  const source = given.get(name);
  if (!setting) return issue.message;
  if (issue.code === 'custom') return `${source?.place ?? flagOf(setting)}: ${issue.message}`;
  const shown = setting.secret ? 'a secret' : JSON.stringify(source?.value);
  return `${source?.place ?? flagOf(setting)}: got ${shown}; allowed: ${setting.allowed}`;
}

function refusal(problems: readonly string[]): SluiceError {
  const [first = 'invalid'] = problems;
  if (problems.length === 1) return new SluiceError('BAD_REQUEST', first);
  const lines = problems.map((problem) => `  - ${problem}`).join('\n');
  return new SluiceError('BAD_REQUEST', `${problems.length} settings are wrong:\n${lines}`);
}

type JsonSchema = z.core.JSONSchema.JSONSchema;

function kindOf(shape: JsonSchema): Setting['kind'] {
  if (shape.type === 'number' || shape.type === 'integer') return 'number';
  return shape.type === 'boolean' ? 'boolean' : 'text';
}

function allowedValues(shape: JsonSchema): string {
  if (shape.enum) return shape.enum.join(', ');
  if (shape.type === 'boolean') return 'true, false';
  const what = shape.type === 'integer' ? 'a whole number' : 'a number';
  if (kindOf(shape) === 'number') return `${what} from ${shape.minimum} to ${shape.maximum}`;
  return 'text that is not empty';
}
