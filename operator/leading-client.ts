/** The API for the one replica that leads: what another one would still write is refused. */
import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectList,
  WatchEvent,
  WatchOptions,
} from '#kube/client';
import type { KubeObject, Reference, ResourceType } from '#kube/types';

/** Work that was under way when the lease was lost ends here. */
class LeadershipLost extends Error {
  constructor() {
    super('another replica may lead by now: nothing more is written');
    this.name = 'LeadershipLost';
  }
}

export class LeadingClient implements KubeClient {
  readonly #client: KubeClient;
  readonly #isLeading: () => boolean;

  constructor(client: KubeClient, isLeading: () => boolean) {
    this.#client = client;
    this.#isLeading = isLeading;
  }

  get<T extends KubeObject>(type: ResourceType<T>, ref: Reference): Promise<T | undefined> {
    return this.#client.get(type, ref);
  }

  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#client.list(type, options);
  }

  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    return this.#client.watch(type, options, signal);
  }

  async apply<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options?: ApplyOptions,
  ): Promise<T> {
    return this.#leading.apply(type, object, options);
  }

  async applyStatus<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    return this.#leading.applyStatus(type, object);
  }

  async create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    return this.#leading.create(type, object);
  }

  async replace<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    return this.#leading.replace(type, object);
  }

  async mergePatch<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Reference,
    patch: object,
  ): Promise<T> {
    return this.#leading.mergePatch(type, ref, patch);
  }

  async delete<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Reference,
    options?: DeleteOptions,
  ): Promise<boolean> {
    return this.#leading.delete(type, ref, options);
  }

  get #leading(): KubeClient {
    if (!this.#isLeading()) throw new LeadershipLost();
    return this.#client;
  }
}
