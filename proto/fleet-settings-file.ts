/**
 * The settings of a fleet in a file that may change at any time: in place, or by a symlink that is
 * turned elsewhere, as Kubernetes does with a mounted ConfigMap. No file system tells of both in
 * every container, so the file is looked at.
 */
import { readFile, stat } from 'node:fs/promises';
import type { Clock, Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { FLEET } from '#lib/fleet-limits';
import type { Part } from '#lib/lifecycle';
import type { Log } from '#lib/log';
import { parseFleetSettings } from '#proto/fleet-settings';
import type { FleetSettings, FleetSettingsSource } from '#proto/fleet-settings';

export interface FleetSettingsFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class FleetSettingsFile implements FleetSettingsSource, Required<Part> {
  readonly name = 'fleet settings';
  readonly #options: FleetSettingsFileOptions;
  #current: FleetSettings | undefined;
  #text = '';
  /** Of the file that was read last; another one is read. */
  #stamp = '';
  /** What is wrong with the file now, so that the log has it once. */
  #problem: string | undefined;
  #timer: Timer | undefined;
  #isStopped = false;
  onChange: (settings: FleetSettings) => void = () => undefined;

  constructor(options: FleetSettingsFileOptions) {
    this.#options = options;
  }

  /** Once started: the latest that were valid. */
  get current(): FleetSettings {
    if (!this.#current) throw new TypeError('the fleet settings are used before they are read');
    return this.#current;
  }

  /** @throws SluiceError BAD_REQUEST when the file can't be read, or is not valid */
  async start(): Promise<void> {
    try {
      await this.#read();
    } catch (error) {
      throw this.#unusable(error);
    }
    this.#pollLater();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #pollLater(): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.setTimeout(() => void this.#poll(), FLEET.settingsPollMs);
  }

  async #poll(): Promise<void> {
    try {
      const settings = await this.#read();
      if (settings && !this.#isStopped) {
        const { revision } = settings;
        this.#options.log.info({ revision }, 'the fleet settings have changed');
        this.onChange(settings);
      }
    } catch (error) {
      const problem = this.#unusable(error);
      if (problem.message !== this.#problem) {
        const what = 'the fleet settings can not be used; what was known stays in force';
        this.#options.log.error({ error: problem }, what);
      }
      this.#problem = problem.message;
    }
    this.#pollLater();
  }

  /** The settings, if they are others than before. */
  async #read(): Promise<FleetSettings | undefined> {
    const { path } = this.#options;
    const facts = await stat(path, { bigint: true });
    const { dev, ino, size, mtimeNs, ctimeNs } = facts;
    const stamp = [dev, ino, size, mtimeNs, ctimeNs].join();
    if (stamp === this.#stamp) return undefined;
    if (!facts.isFile()) throw new Error('it is not a file');
    if (size > FLEET.settingsBytesMax) {
      throw new Error(`it has ${size} bytes; at most ${FLEET.settingsBytesMax} are allowed`);
    }
    const text = await readFile(path, 'utf8');
    // Known to be bad, or good, from here on: it is read again only when it has changed.
    this.#stamp = stamp;
    const isNews = text !== this.#text;
    const settings = isNews ? parseFleetSettings(text) : undefined;
    this.#problem = undefined;
    if (!settings) return undefined;
    this.#text = text;
    this.#current = settings;
    return settings;
  }

  #unusable(error: unknown): SluiceError {
    const { path } = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the fleet settings in ${path} can't be used: ${reason}`;
    return new SluiceError('BAD_REQUEST', message, { cause: error });
  }
}
