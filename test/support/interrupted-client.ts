/** The Kubernetes API of an operator that is killed at one of its writes. */
import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectList,
  WatchEvent,
  WatchOptions,
} from '#kube/client';
import { EVENTS, LEASES } from '#kube/resources';
import type { KubeObject, Reference, ResourceType } from '#kube/types';

export interface Interruption {
  /** Number of the write, from 1. */
  readonly at: number;
  /** Whether the API server got it. */
  readonly isDone: boolean;
}

/** Its writes that matter to the cluster are counted: not those of its Lease, and no Events. */
export class InterruptedClient implements KubeClient {
  readonly #client: KubeClient;
  readonly #interruption: Interruption;
  #isKilled = false;
  /** Each of them, for people. */
  readonly writes: string[] = [];

  constructor(client: KubeClient, interruption: Interruption) {
    this.#client = client;
    this.#interruption = interruption;
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  async get<T extends KubeObject>(type: ResourceType<T>, ref: Reference): Promise<T | undefined> {
    this.#assertAlive();
    return this.#client.get(type, ref);
  }

  async list<T extends KubeObject>(
    type: ResourceType<T>,
    options?: ListOptions,
  ): Promise<ObjectList<T>> {
    this.#assertAlive();
    return this.#client.list(type, options);
  }

  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    this.#assertAlive();
    return this.#client.watch(type, options, signal);
  }

  apply<T extends KubeObject>(type: ResourceType<T>, object: T, options?: ApplyOptions) {
    return this.#write('apply', type, object.metadata, () =>
      this.#client.apply(type, object, options),
    );
  }

  applyStatus<T extends KubeObject>(type: ResourceType<T>, object: T) {
    return this.#write('applyStatus', type, object.metadata, () =>
      this.#client.applyStatus(type, object),
    );
  }

  create<T extends KubeObject>(type: ResourceType<T>, object: T) {
    return this.#write('create', type, object.metadata, () => this.#client.create(type, object));
  }

  replace<T extends KubeObject>(type: ResourceType<T>, object: T) {
    return this.#write('replace', type, object.metadata, () => this.#client.replace(type, object));
  }

  mergePatch<T extends KubeObject>(type: ResourceType<T>, ref: Reference, patch: object) {
    return this.#write('mergePatch', type, ref, () => this.#client.mergePatch(type, ref, patch));
  }

  delete<T extends KubeObject>(type: ResourceType<T>, ref: Reference, options?: DeleteOptions) {
    return this.#write('delete', type, ref, () => this.#client.delete(type, ref, options));
  }

  async #write<R>(
    verb: string,
    { kind }: { kind: string },
    about: { name?: string | undefined } | undefined,
    call: () => Promise<R>,
  ): Promise<R> {
    this.#assertAlive();
    if (kind === LEASES.kind || kind === EVENTS.kind) return call();
    const number = this.writes.push(`${verb} ${kind} ${about?.name}`);
    if (number !== this.#interruption.at) return call();
    this.#isKilled = true;
    if (this.#interruption.isDone) await call();
    throw new Error('killed');
  }

  #assertAlive(): void {
    if (this.#isKilled) throw new Error('killed');
  }
}
