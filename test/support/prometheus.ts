/** A real Prometheus (Debian package `prometheus`) that scrapes what a test starts. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { withinMs } from '#support/until';

const START_MS = 20_000;
const SCRAPE_INTERVAL = '1s';

export interface ScrapeTarget {
  /** `host:port` of its /metrics. */
  readonly address: string;
  /** What the chart's monitors put on it. */
  readonly labels: Readonly<Record<string, string>>;
}

/** One series of an answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface RuleState {
  readonly name: string;
  /** `ok` once it was evaluated, `err` when that failed. */
  readonly health: string;
  /** `pending`: it has not been so for long enough to fire. */
  readonly state: 'inactive' | 'pending' | 'firing';
}

interface Answer<T> {
  readonly status: string;
  readonly error?: string;
  readonly data: T;
}

export function hasPrometheus(): boolean {
  const isThere = ['prometheus', 'promtool'].every(
    (command) => spawnSync(command, ['--version']).status === 0,
  );
  if (!isThere) console.warn('SKIPPED: needs prometheus and promtool on the path');
  return isThere;
}

export class Prometheus {
  readonly #child: ChildProcess;
  readonly #directory: string;
  #address = '';

  static async start(targets: readonly ScrapeTarget[], rules: string): Promise<Prometheus> {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'));
    const config = {
      global: { scrape_interval: SCRAPE_INTERVAL, evaluation_interval: SCRAPE_INTERVAL },
      rule_files: [rules],
      scrape_configs: [
        {
          job_name: 'sluice',
          static_configs: targets.map(({ address, labels }) => ({ targets: [address], labels })),
        },
      ],
    };
    const file = join(directory, 'prometheus.yml');
    await writeFile(file, stringify(config));
    const child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        '--web.listen-address=127.0.0.1:0',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const prometheus = new Prometheus(child, directory);
    try {
      await prometheus.#ready();
    } catch (error) {
      await prometheus.stop();
      throw error;
    }
    return prometheus;
  }

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
  }

  /** The series of an expression, now; rejects when Prometheus does not understand it. */
  async query(expression: string): Promise<readonly Series[]> {
    const { result } = await this.#get<{ result: Series[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    );
    return result;
  }

  /** Names of all metrics that were scraped. */
  async metrics(): Promise<readonly string[]> {
    return this.#get<string[]>('label/__name__/values');
  }

  async rules(): Promise<readonly RuleState[]> {
    const { groups } = await this.#get<{ groups: { rules: RuleState[] }[] }>('rules');
    return groups.flatMap((group) => group.rules);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`http://${this.#address}/api/v1/${path}`);
    const { status, error, data } = (await response.json()) as Answer<T>;
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  }

  /** It says on which port it listens, and keeps its pipe read from then on. */
  async #ready(): Promise<void> {
    const { stderr } = this.#child;
    if (!stderr) throw new Error('prometheus has no stderr');
    const lines: string[] = [];
    const listening = new Promise<string>((resolve, reject) => {
      createInterface({ input: stderr }).on('line', (line) => {
        lines.push(line);
        const [, address] = /"Listening on".* address=(\S+)/.exec(line) ?? [];
        if (address !== undefined) resolve(address);
      });
      this.#child.once('error', reject);
      this.#child.once('exit', (code) => reject(new Error(`prometheus ended with ${code}`)));
    });
    const late = (): Error => new Error(`prometheus does not listen:\n${lines.join('\n')}`);
    this.#address = await withinMs(START_MS, listening, late);
  }
}
