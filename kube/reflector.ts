/** Lists and watches one resource in one namespace, or in all, for as long as it is asked to. */
import { KubeError, type KubeClient, type WatchEvent } from '#kube/client';
import type { KubeObject, ResourceType } from '#kube/types';
import type { Clock } from '#lib/clock';
import { INFORMER } from '#lib/kubernetes-limits';
import type { Log } from '#lib/log';
import { pause } from '#lib/pause';
import { Backoff } from '#lib/retry';

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly type: ResourceType<T>;
  readonly namespace: string | undefined;
  readonly labelSelector: string | undefined;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  /** All that there are: others are gone. */
  readonly onList: (objects: readonly T[]) => void;
  readonly onPut: (object: T) => void;
  readonly onDelete: (object: T) => void;
}

const SECOND_MS = 1000;

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** To watch from; undefined when all is to be listed first. */
  #version: string | undefined;
  #isListed = false;
  #heardMs: number;
  #resyncMs = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#backoff = new Backoff(INFORMER.retry, options.random);
    this.#heardMs = this.#clock.monotonicMs();
  }

  get isListed(): boolean {
    return this.#isListed;
  }

  /** Since the last sign of life. */
  get ageMs(): number {
    return this.#clock.monotonicMs() - this.#heardMs;
  }

  start(): void {
    this.#heardMs = this.#clock.monotonicMs();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#failed(error);
      }
      // Also after a watch that ended well: whatever goes wrong, this is no busy loop.
      await pause(this.#clock, this.#backoff.nextMs(), this.#stopping.signal);
    }
  }

  /** Lists if need be, then watches until that ends. */
  async #follow(): Promise<void> {
    const isResync = this.#clock.monotonicMs() >= this.#resyncMs;
    const version = isResync || this.#version === undefined ? await this.#list() : this.#version;
    await this.#watch(version);
  }

  async #list(): Promise<string> {
    const { client, type, namespace, labelSelector } = this.#options;
    const { items, resourceVersion } = await client.list(type, { namespace, labelSelector });
    if (this.#stopping.signal.aborted) return resourceVersion;
    this.#heard();
    this.#version = resourceVersion;
    this.#resyncMs = this.#clock.monotonicMs() + INFORMER.resyncMs;
    this.#isListed = true;
    this.#options.onList(items);
    return resourceVersion;
  }

  async #watch(resourceVersion: string): Promise<void> {
    const { client, type, namespace, labelSelector } = this.#options;
    const timeoutMs = this.#watchMs();
    const watching = new AbortController();
    const stop = (): void => watching.abort();
    this.#stopping.signal.addEventListener('abort', stop);
    if (this.#stopping.signal.aborted) stop();
    const silence = this.#watchSilence(watching, timeoutMs);
    const startMs = this.#clock.monotonicMs();
    try {
      const options = {
        namespace,
        labelSelector,
        resourceVersion,
        timeoutSeconds: Math.ceil(timeoutMs / SECOND_MS),
        onOpen: () => this.#heard(),
      };
      for await (const event of client.watch(type, options, watching.signal)) {
        if (watching.signal.aborted) return;
        this.#heard();
        this.#backoff.reset();
        this.#take(event);
      }
    } finally {
      silence.stop();
      const lastedMs = this.#clock.monotonicMs() - startMs;
      if (lastedMs >= INFORMER.retry.maxMs) this.#backoff.reset();
      this.#stopping.signal.removeEventListener('abort', stop);
    }
  }

  /** Until the API server shall end it: jittered, so that not all watches end at once. */
  #watchMs(): number {
    const jitter = INFORMER.watchJitter * this.#options.random();
    const untilResyncMs = this.#resyncMs - this.#clock.monotonicMs();
    return Math.max(SECOND_MS, Math.min(INFORMER.watchMs * (1 - jitter), untilResyncMs));
  }

  /** Ends a watch on which nothing comes any more, or that the API server forgot to end. */
  #watchSilence(watching: AbortController, timeoutMs: number): { stop: () => void } {
    const endMs = this.#clock.monotonicMs() + timeoutMs + INFORMER.silentMs;
    const openedMs = this.#clock.monotonicMs();
    const leftMs = (): number => {
      const heardMs = Math.max(this.#heardMs, openedMs);
      return Math.min(heardMs + INFORMER.silentMs, endMs) - this.#clock.monotonicMs();
    };
    const check = (): void => {
      if (leftMs() > 0) {
        timer = this.#clock.setTimeout(check, leftMs());
        return;
      }
      this.#log.info({ ageMs: Math.round(this.ageMs) }, 'a watch is silent: opening it again');
      watching.abort();
    };
    let timer = this.#clock.setTimeout(check, leftMs());
    return { stop: () => timer.cancel() };
  }

  #take({ type, object }: WatchEvent<T>): void {
    const version = object.metadata?.resourceVersion;
    if (version !== undefined) this.#version = version;
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#options.onPut(object);
        return;
      case 'DELETED':
        this.#options.onDelete(object);
        return;
      case 'BOOKMARK':
    }
  }

  #heard(): void {
    this.#heardMs = this.#clock.monotonicMs();
  }

  /**
   * A connection that broke is taken up where it was: the API server sends what was missed. All
   * else, also what it no longer knows, is a gap that only a list closes.
   */
  #failed(error: unknown): void {
    const { status, reason } = error instanceof KubeError ? error : { status: -1, reason: '' };
    const isBroken = status === 0 && reason !== 'InvalidAnswer';
    if (!isBroken) this.#version = undefined;
    const isExpired = error instanceof KubeError && error.isExpired;
    const fields = { error, ageMs: Math.round(this.ageMs) };
    if (isExpired) this.#log.info(fields, 'too much has happened since: listing again');
    else this.#log.warn(fields, 'cannot follow the API server; trying again');
  }
}
