import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { withinMs } from './until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/**
 * Run by its first line, which has the flags of the runtime; that finds Node where npm scripts do.
 */
const MAIN = join(ROOT, 'cli', 'main.ts');
const PATH = `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
const READY_MS = 20_000;
const STOP_MS = 10_000;
const COMMAND_MS = 20_000;
/** What the process printed last; it goes into the error when something goes wrong. */
const LOG_LINES_KEPT = 400;

export interface SluiceOptions {
  /** A fresh temporary one unless given; only a fresh one is removed. */
  dataDirectory?: string;
  /** Appended to the command line, e.g. `['--no-auto-create-topics']`. */
  arguments?: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

/** The doors of each kind of process, by the names of the ready line; its ports are flags. */
const DOORS = {
  standalone: ['grpc', 'admin', 'metrics'],
  'broker start': ['grpc', 'admin', 'metrics'],
  nameserver: ['grpc', 'registry', 'metrics'],
} as const;

type Kind = keyof typeof DOORS;
type Door = (typeof DOORS)[Kind][number];
type Ports = Readonly<Partial<Record<Door | `listener-${string}`, string>>>;

/** A broker in a process of its own, in a fleet or standalone. */
export interface SluiceProcess extends ServerProcess {
  /** `host:port` of each door, as the ready line says. */
  readonly grpc: string;
  readonly admin: string;
  readonly metrics: string;
}

/** A name server in a process of its own. */
export interface NameServerProcess extends ServerProcess {
  readonly grpc: string;
  readonly registry: string;
  readonly metrics: string;
}

interface ServerProcess {
  readonly dataDirectory: string;
  readonly pid: number;
  readonly running: boolean;
  /** `host:port` of a listener of `--listeners`. */
  listener(name: string): string;
  /** The latest lines of stdout and stderr. */
  log(): string[];
  /** SIGTERM, then the exit code; throws when it hasn't ended after 10 s. */
  stop(): Promise<number>;
  /** SIGKILL: what was not on disk is lost. */
  kill(): Promise<void>;
  /** Starts a process that ended again: same data, same ports. */
  restart(): Promise<void>;
  /** Runs `sluice ARGS… --admin HOST:PORT`; its stdout, or an error with its stderr. */
  command(...args: readonly string[]): Promise<string>;
  /** Kills what still runs and removes a fresh data directory. */
  dispose(): Promise<void>;
}

/** Starts `sluice standalone` on free ports and resolves once it says that it is ready. */
export function startSluice(options: SluiceOptions = {}): Promise<SluiceProcess> {
  return startProcess('standalone', options);
}

/** As `startSluice`, for one broker of a fleet. */
export function startBroker(options: SluiceOptions): Promise<SluiceProcess> {
  return startProcess('broker start', options);
}

/** As `startSluice`. */
export function startNameServer(options: SluiceOptions = {}): Promise<NameServerProcess> {
  return startProcess('nameserver', options);
}

async function startProcess(kind: Kind, options: SluiceOptions): Promise<Sluice> {
  const fresh = options.dataDirectory === undefined;
  const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'sluice-test-')));
  const extra = { args: options.arguments ?? [], environment: options.environment ?? {} };
  const sluice = new Sluice(kind, dataDirectory, fresh, extra);
  try {
    await sluice.start({});
  } catch (error) {
    await sluice.dispose();
    throw error;
  }
  return sluice;
}

class Sluice implements SluiceProcess, NameServerProcess {
  readonly dataDirectory: string;
  readonly #kind: Kind;
  readonly #fresh: boolean;
  readonly #extra: { args: readonly string[]; environment: Readonly<Record<string, string>> };
  #child: ChildProcess | undefined;
  #exited: Promise<number> = Promise.resolve(0);
  #ports: Ports = {};
  readonly #lines: string[] = [];

  constructor(
    kind: Kind,
    dataDirectory: string,
    fresh: boolean,
    extra: { args: readonly string[]; environment: Readonly<Record<string, string>> },
  ) {
    this.#kind = kind;
    this.dataDirectory = dataDirectory;
    this.#fresh = fresh;
    this.#extra = extra;
  }

  get grpc(): string {
    return this.#ports.grpc ?? '';
  }

  get admin(): string {
    return this.#ports.admin ?? '';
  }

  get registry(): string {
    return this.#ports.registry ?? '';
  }

  get metrics(): string {
    return this.#ports.metrics ?? '';
  }

  listener(name: string): string {
    return this.#ports[`listener-${name}`] ?? '';
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get running(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  log(): string[] {
    return [...this.#lines];
  }

  /** On these ports, and on free ones for the doors that have none yet. */
  async start(ports: Ports): Promise<void> {
    const args = this.#kind.split(' ');
    args.push('--data', this.dataDirectory, '--log-format', 'json');
    for (const door of DOORS[this.#kind]) args.push(`--${door}-port`, portOf(ports[door] ?? ':0'));
    args.push(...this.#extra.args);
    const child = spawn(MAIN, args, {
      cwd: ROOT,
      env: { ...process.env, PATH, ...this.#extra.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exited = once(child, 'exit').then(([code]) => (code as number | null) ?? -1);
    this.#ports = await this.#ready(child);
  }

  async stop(): Promise<number> {
    if (!this.running) return this.#exited;
    this.#child?.kill('SIGTERM');
    return withinMs(STOP_MS, this.#exited, () => this.#failure('still runs 10 s after SIGTERM'));
  }

  async kill(): Promise<void> {
    if (this.running) this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  async restart(): Promise<void> {
    if (this.running) throw new Error('stop() or kill() comes before restart()');
    await this.start(this.#ports);
  }

  async command(...args: readonly string[]): Promise<string> {
    const child = spawn(MAIN, [...args, '--admin', this.admin], {
      cwd: ROOT,
      env: { ...process.env, PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_MS,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`sluice ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  async dispose(): Promise<void> {
    await this.kill();
    if (this.#fresh) await rm(this.dataDirectory, { recursive: true, force: true });
  }

  #ready(child: ChildProcess): Promise<Ports> {
    const ready = new Promise<Ports>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue;
        createInterface({ input: stream }).on('line', (line) => {
          this.#lines.push(line);
          if (this.#lines.length > LOG_LINES_KEPT) this.#lines.shift();
          const ports = readyLine(line, DOORS[this.#kind]);
          if (ports !== undefined) resolve(ports);
        });
      }
    });
    const early = this.#exited.then((code): never => {
      throw this.#failure(`ended with ${code} before it was ready`);
    });
    const first = Promise.race([ready, early]);
    // Once it is ready, its later end is no failure of the start.
    early.catch(() => undefined);
    return withinMs(READY_MS, first, () => this.#failure('is not ready after 20 s'));
  }

  #failure(what: string): Error {
    return new Error(`sluice ${this.#kind} ${what}; it said:\n${this.#lines.join('\n')}`);
  }
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1);
}

/** Shape: `{"event":"ready","grpc":"127.0.0.1:PORT","admin":…,"metrics":…}`. */
function readyLine(line: string, doors: readonly Door[]): Ports | undefined {
  if (!line.startsWith('{') || !line.includes('"ready"')) return undefined;
  const value = JSON.parse(line) as Ports & { event?: string };
  if (value.event !== 'ready') return undefined;
  if (doors.some((door) => value[door] === undefined)) {
    throw new Error(`the ready line lacks a door: ${line}`);
  }
  return value;
}
