/**
 * What the operator tells people about an object, where `kubectl describe` shows it. Telling never
 * fails and never waits: what can't be told is logged.
 */
import { createHash, randomBytes } from 'node:crypto';
import { KubeError, type KubeClient } from '#kube/client';
import { MANAGER } from '#kube/names';
import { EVENTS, type KubeEvent } from '#kube/resources';
import type { KubeObject, Reference } from '#kube/types';
import { systemClock, type Clock, type Timer } from '#lib/clock';
import { KUBE_EVENTS } from '#lib/kubernetes-limits';
import type { Log } from '#lib/log';

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** Name of this replica. */
  readonly instance: string;
  readonly log: Log;
  readonly clock?: Clock;
}

export interface EventText {
  readonly type: KubeEvent['type'];
  /** One CamelCase word, for programs. */
  readonly reason: string;
  /** What the operator did or tried: a word as well; the reason by default. */
  readonly action?: string;
  /** For people. */
  readonly message: string;
}

/** An event that was told, while the same one is counted. */
interface Told {
  readonly event: KubeEvent;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly timer: Timer | undefined;
}

const NOT_FOUND = 404;
const SECOND_MS = 1000;

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  /** In the order of the last time. */
  readonly #told = new Map<string, Told>();
  readonly #underWay = new Set<Promise<void>>();
  #tokens: number = KUBE_EVENTS.burst;
  #filledMs: number;
  #isStopped = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log;
    this.#filledMs = this.#clock.monotonicMs();
  }

  /** Returns at once. The same event again within some minutes is only counted. */
  record(object: KubeObject, text: EventText): void {
    if (this.#isStopped) return;
    const key = keyOf(object, text);
    const nowMs = this.#clock.nowMs();
    const told = this.#told.get(key);
    if (told && nowMs - told.lastMs < KUBE_EVENTS.repeatMs) {
      this.#count(key, told, nowMs);
      return;
    }
    told?.timer?.cancel();
    this.#told.delete(key);
    if (!this.#mayTell()) {
      this.#log.warn({ ...text, object: object.metadata?.name }, 'too many events: not told');
      return;
    }
    const event = this.#eventOf(object, text, nowMs);
    this.#remember(key, { event, firstMs: nowMs, lastMs: nowMs, count: 1, timer: undefined });
    this.#inBackground(this.#create(event));
  }

  /** Writes counts that wait, and resolves when all is written or has failed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const [key, { timer }] of this.#told) {
      if (!timer) continue;
      timer.cancel();
      this.#writeCount(key);
    }
    await Promise.all(this.#underWay);
  }

  /** The first repetition, and then each some time, writes how many they are. */
  #count(key: string, told: Told, nowMs: number): void {
    const timer =
      told.timer ?? this.#clock.setTimeout(() => this.#writeCount(key), KUBE_EVENTS.countMs);
    this.#remember(key, { ...told, lastMs: nowMs, count: told.count + 1, timer });
  }

  #writeCount(key: string): void {
    const told = this.#told.get(key);
    if (!told) return;
    this.#told.set(key, { ...told, timer: undefined });
    const { event, count, lastMs } = told;
    this.#inBackground(this.#patchCount(event, { count, lastObservedTime: microTime(lastMs) }));
  }

  #remember(key: string, told: Told): void {
    this.#told.delete(key);
    this.#told.set(key, told);
    if (this.#told.size <= KUBE_EVENTS.rememberedMax) return;
    const [oldest] = this.#told.keys();
    if (oldest === undefined) return;
    this.#told.get(oldest)?.timer?.cancel();
    this.#told.delete(oldest);
  }

  #mayTell(): boolean {
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#filledMs) / SECOND_MS) * KUBE_EVENTS.perSecond;
    this.#filledMs = nowMs;
    this.#tokens = Math.min(KUBE_EVENTS.burst, this.#tokens + gained);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #eventOf(object: KubeObject, text: EventText, nowMs: number): KubeEvent {
    const { name = '', namespace = 'default', uid, resourceVersion } = object.metadata ?? {};
    const suffix = randomBytes(8).toString('hex');
    return {
      metadata: { namespace, name: `${name.slice(0, KUBE_EVENTS.nameCharsMax)}.${suffix}` },
      eventTime: microTime(nowMs),
      type: text.type,
      reason: text.reason,
      action: text.action ?? text.reason,
      note: shortened(text.message),
      reportingController: MANAGER,
      reportingInstance: this.#options.instance.slice(0, KUBE_EVENTS.instanceCharsMax),
      regarding: {
        ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }),
        ...(object.kind === undefined ? {} : { kind: object.kind }),
        namespace,
        name,
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    };
  }

  async #create(event: KubeEvent): Promise<void> {
    await this.#options.client.create(EVENTS, event);
  }

  async #patchCount(event: KubeEvent, series: NonNullable<KubeEvent['series']>): Promise<void> {
    const { namespace, name = '' } = event.metadata ?? {};
    const ref: Reference = { namespace, name };
    try {
      await this.#options.client.mergePatch(EVENTS, ref, { series });
    } catch (error) {
      const isGone = error instanceof KubeError && error.status === NOT_FOUND;
      if (!isGone) throw error;
      await this.#create({ ...event, series });
    }
  }

  #inBackground(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => this.#log.warn({ error }, 'an event could not be told'))
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }
}

function keyOf({ metadata }: KubeObject, { type, reason, message }: EventText): string {
  const { namespace = '', name = '', uid = '' } = metadata ?? {};
  const parts = JSON.stringify([namespace, name, uid, type, reason, message]);
  return createHash('sha256').update(parts).digest('base64');
}

function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

/** In bytes, since that is how the API counts. */
function shortened(message: string): string {
  if (Buffer.byteLength(message) <= KUBE_EVENTS.noteBytesMax) return message;
  const end = '…';
  const bytes = Buffer.from(message).subarray(0, KUBE_EVENTS.noteBytesMax - Buffer.byteLength(end));
  // A character that was cut in two is left out.
  return `${bytes.toString('utf8').replace(/\uFFFD+$/, '')}${end}`;
}
