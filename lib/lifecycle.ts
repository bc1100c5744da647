/**
 * Parts of a process in their order: started first to last, stopped last to first, within a time.
 * A part that fails to start takes the ones before it down again.
 */
import { systemClock, type Clock } from '#lib/clock';
import { exitEarlyNoMore } from '#lib/early-exit';
import { LISTEN } from '#lib/limits';
import type { Log } from '#lib/log';

/** One thing that a process runs: a listener, a store, a reporter. */
export interface Part {
  /** For the log: what hangs, what failed. */
  readonly name: string;
  start?(): void | Promise<void>;
  /** Runs only if `start` succeeded; at most once. */
  stop?(): void | Promise<void>;
}

export interface LifecycleOptions {
  readonly log: Log;
  /** For all parts together. */
  readonly stopTimeoutMs?: number;
  readonly clock?: Clock;
}

export class Lifecycle {
  readonly #log: Log;
  readonly #stopTimeoutMs: number;
  readonly #clock: Clock;
  readonly #parts: Part[] = [];
  readonly #started: Part[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<boolean> | undefined;
  #stoppingPart = '';
  #isStarted = false;

  constructor({ log, stopTimeoutMs = LISTEN.stopMs, clock = systemClock }: LifecycleOptions) {
    this.#log = log;
    this.#stopTimeoutMs = stopTimeoutMs;
    this.#clock = clock;
  }

  /** Adds a part behind those already there. */
  add(part: Part): void {
    this.#parts.push(part);
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** For readiness: what the process is about to do; undefined while all parts run. */
  get waitingFor(): string | undefined {
    if (this.isStopping) return 'stopping';
    return this.#isStarted ? undefined : 'starting';
  }

  /** Starts all parts; rejects with the failure of the first that can't, and stops the others. */
  async start(): Promise<void> {
    this.#starting ??= this.#startParts();
    try {
      await this.#starting;
    } catch (error) {
      await this.stop('a part failed to start');
      throw error;
    }
  }

  /**
   * Stops what was started, in reverse. True when every part stopped cleanly and in time. Asking
   * again gives the answer of the first time.
   */
  stop(reason: string): Promise<boolean> {
    this.#stopping ??= this.#stopWithin(reason);
    return this.#stopping;
  }

  async #startParts(): Promise<void> {
    for (const part of this.#parts) {
      if (this.isStopping) return;
      await part.start?.();
      this.#started.push(part);
      this.#log.debug({ part: part.name }, 'started');
    }
    this.#isStarted = true;
  }

  #stopWithin(reason: string): Promise<boolean> {
    this.#log.info({ reason }, 'stopping');
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => {
        this.#log.error(
          { part: this.#stoppingPart, timeoutMs: this.#stopTimeoutMs },
          'a part did not stop in time',
        );
        resolve(false);
      }, this.#stopTimeoutMs);
      void this.#stopParts().then((isClean) => {
        timer.cancel();
        resolve(isClean);
      });
    });
  }

  async #stopParts(): Promise<boolean> {
    // A part that is starting right now is waited for: only then can it be stopped.
    await this.#starting?.catch(() => undefined);
    let isClean = true;
    for (const part of this.#started.splice(0).reverse()) {
      this.#stoppingPart = part.name;
      try {
        await part.stop?.();
        this.#log.debug({ part: part.name }, 'stopped');
      } catch (error) {
        isClean = false;
        this.#log.error({ part: part.name, error }, 'a part failed to stop');
      }
    }
    return isClean;
  }
}

/**
 * Ties a lifecycle to this process: SIGTERM and SIGINT stop it and exit (0 when clean and in time,
 * else 1), a second signal exits at once, and what nobody caught is logged and exits 1.
 */
export function handleProcessEvents(lifecycle: Lifecycle, log: Log): void {
  let firstSignalMs: number | undefined;
  const exitOnSignal = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    firstSignalMs ??= nowMs;
    // Ctrl-C reaches a process twice when npm runs it: from the terminal, and passed on by npm.
    const isEcho = nowMs > firstSignalMs && nowMs - firstSignalMs < LISTEN.signalEchoMs;
    if (isEcho) return;
    if (lifecycle.isStopping) {
      log.warn({ signal }, 'second signal: leaving at once');
      process.exit(1);
    }
    void lifecycle.stop(signal).then((isClean) => {
      log.info('stopped');
      process.exit(isClean ? 0 : 1);
    });
  };
  exitEarlyNoMore();
  process.on('SIGTERM', exitOnSignal);
  process.on('SIGINT', exitOnSignal);
  const exitOnError = (error: unknown): void => {
    log.fatal({ error }, 'an error that nobody caught');
    process.exit(1);
  };
  process.on('uncaughtException', exitOnError);
  process.on('unhandledRejection', exitOnError);
}
