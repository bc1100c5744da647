/**
 * A copy of the objects of one resource, kept current: listed, then watched, and listed again now
 * and then. It never stops by itself, however the API server fails; its age tells how it is.
 */
import type { KubeClient } from '#kube/client';
import { Reflector } from '#kube/reflector';
import type { KubeObject, Reference, ResourceType } from '#kube/types';
import { systemClock, type Clock } from '#lib/clock';
import type { Log } from '#lib/log';

/** `object` is undefined when it is gone; `before` is undefined when it is new. */
export type ChangeListener<T> = (object: T | undefined, before: T | undefined) => void;

export interface InformerOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly type: ResourceType<T>;
  /** Undefined: all namespaces. */
  readonly namespaces?: readonly string[] | undefined;
  readonly labelSelector?: string | undefined;
  readonly log: Log;
  readonly clock?: Clock;
  /** Numbers in [0, 1), for jitter. */
  readonly random?: () => number;
}

/** Its objects are shared, and not to be changed; `managedFields` are left out of them. */
export class Informer<T extends KubeObject> {
  readonly type: ResourceType<T>;
  /** True once everything was listed; false when it was stopped before. */
  readonly synced: Promise<boolean>;
  readonly #log: Log;
  readonly #reflectors: readonly Reflector<T>[];
  /** By namespace, then by name; what is in no namespace is under ''. */
  readonly #objects = new Map<string, Map<string, T>>();
  readonly #listeners: ChangeListener<T>[] = [];
  #onSynced: (isSynced: boolean) => void = () => undefined;
  #isSynced = false;

  constructor(options: InformerOptions<T>) {
    const { client, type, namespaces, labelSelector, clock = systemClock } = options;
    this.type = type;
    this.#log = options.log.child({ resource: type.plural });
    this.synced = new Promise((resolve) => {
      this.#onSynced = resolve;
    });
    const scopes: readonly (string | undefined)[] = namespaces ?? [undefined];
    this.#reflectors = scopes.map(
      (namespace) =>
        new Reflector({
          client,
          type,
          namespace,
          labelSelector,
          log: this.#log,
          clock,
          random: options.random ?? Math.random,
          onList: (objects) => this.#replace(namespace, objects),
          onPut: (object) => this.#put(object),
          onDelete: (object) => this.#remove(object),
        }),
    );
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Since the last sign of life of the watch that has been silent for longest. */
  get ageMs(): number {
    return Math.max(0, ...this.#reflectors.map(({ ageMs }) => ageMs));
  }

  get size(): number {
    let size = 0;
    for (const objects of this.#objects.values()) size += objects.size;
    return size;
  }

  /** Hears of every change, and of every object each time that all are listed. */
  onChange(listener: ChangeListener<T>): void {
    this.#listeners.push(listener);
  }

  start(): void {
    for (const reflector of this.#reflectors) reflector.start();
  }

  /** What is known stays, as it was. */
  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
    this.#onSynced(false);
  }

  get({ namespace = '', name }: Reference): T | undefined {
    return this.#objects.get(namespace)?.get(name);
  }

  /** Of one namespace, or all. */
  *values(namespace?: string): Generator<T> {
    if (namespace !== undefined) {
      yield* this.#objects.get(namespace)?.values() ?? [];
      return;
    }
    for (const objects of this.#objects.values()) yield* objects.values();
  }

  #replace(namespace: string | undefined, objects: readonly T[]): void {
    const listed = new Set(objects.map(placeOf).map(String));
    const gone = [...this.values(namespace)].filter((each) => !listed.has(String(placeOf(each))));
    for (const object of gone) this.#remove(object);
    for (const object of objects) this.#put(object);
    if (this.#isSynced || !this.#reflectors.every(({ isListed }) => isListed)) return;
    this.#isSynced = true;
    this.#onSynced(true);
  }

  #put(object: T): void {
    const [namespace, name] = placeOf(object);
    const known = this.#objects.get(namespace) ?? new Map<string, T>();
    this.#objects.set(namespace, known);
    const before = known.get(name);
    const isSame = before?.metadata?.resourceVersion === object.metadata?.resourceVersion;
    const current = before && isSame ? before : withoutManagedFields(object);
    known.set(name, current);
    this.#tell(current, before);
  }

  #remove(object: T): void {
    const [namespace, name] = placeOf(object);
    const known = this.#objects.get(namespace);
    const before = known?.get(name);
    known?.delete(name);
    if (known?.size === 0) this.#objects.delete(namespace);
    // What was never known here is told too: somebody may wait for its end.
    this.#tell(undefined, before ?? object);
  }

  #tell(object: T | undefined, before: T | undefined): void {
    for (const listener of this.#listeners) {
      try {
        listener(object, before);
      } catch (error) {
        // The others, and the watch, are not to suffer from it.
        this.#log.error({ error }, 'a listener of changes failed');
      }
    }
  }
}

function placeOf({ metadata }: KubeObject): readonly [namespace: string, name: string] {
  return [metadata?.namespace ?? '', metadata?.name ?? ''];
}

/** They are as large as the object, and nobody here asks for them. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  delete object.metadata?.managedFields;
  return object;
}
