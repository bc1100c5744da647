/** The Kubernetes API over HTTP. */
import {
  KubeError,
  type ApplyOptions,
  type DeleteOptions,
  type KubeCall,
  type KubeClient,
  type ListOptions,
  type ObjectList,
  type WatchEvent,
  type WatchOptions,
} from '#kube/client';
import { Connection } from '#kube/connection';
import { errorOf, statusError, type Status } from '#kube/http-errors';
import {
  assertDeclared,
  HttpTransport,
  type Call,
  type TransportOptions,
} from '#kube/http-transport';
import { lines } from '#kube/lines';
import { MANAGER } from '#kube/names';
import type { KubeObject, Reference, ResourceType } from '#kube/types';
import { systemClock, type Clock } from '#lib/clock';
import { KUBE_CALL } from '#lib/kubernetes-limits';

export interface ConnectOptions {
  /** Undefined: KUBECONFIG, the user's own file, or the service account of the pod. */
  readonly kubeconfig?: string | undefined;
  /** Undefined: the current one. */
  readonly context?: string | undefined;
  readonly clock?: Clock;
  /** Hears of every request. */
  readonly onCall?: (call: KubeCall) => void;
}

/** Throws when there is no configuration of Kubernetes; whether it is right shows at a call. */
export function connect(options: ConnectOptions = {}): HttpKubeClient {
  const { kubeconfig, context, clock = systemClock, onCall = () => undefined } = options;
  return new HttpKubeClient({
    connection: new Connection({ kubeconfig, context, clock }),
    clock,
    onCall,
  });
}

interface ListAnswer<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

const NOT_FOUND = 404;

export class HttpKubeClient implements KubeClient {
  readonly #connection: Connection;
  readonly #transport: HttpTransport;

  constructor(options: TransportOptions) {
    this.#connection = options.connection;
    this.#transport = new HttpTransport(options);
  }

  /** URL of the API server. */
  get server(): string {
    return this.#connection.server;
  }

  /** Namespace of the context, or of the pod. */
  get namespace(): string | undefined {
    return this.#connection.namespace;
  }

  /** Calls and watches that are under way fail. */
  async close(): Promise<void> {
    this.#transport.abort();
    await this.#connection.close();
  }

  async get<T extends KubeObject>(type: ResourceType<T>, ref: Reference): Promise<T | undefined> {
    try {
      return (await this.#transport.call({ verb: 'get', type, method: 'GET', ...ref })) as T;
    } catch (error) {
      if (error instanceof KubeError && error.status === NOT_FOUND) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(
    type: ResourceType<T>,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#listPages(type, options);
      } catch (error) {
        const isExpired = error instanceof KubeError && error.isExpired;
        if (!isExpired || attempt >= KUBE_CALL.listAttempts) throw error;
      }
    }
  }

  async #listPages<T extends KubeObject>(
    type: ResourceType<T>,
    { namespace, labelSelector }: ListOptions,
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    const limit = String(KUBE_CALL.pageItems);
    let next: string | undefined;
    for (;;) {
      const query = { limit, labelSelector, continue: next };
      const call: Call = { verb: 'list', type, method: 'GET', namespace, query };
      const page = (await this.#transport.call(call)) as ListAnswer<T>;
      // Objects in lists don't say what they are.
      for (const item of page.items ?? []) items.push({ ...kindOf(type), ...item });
      next = page.metadata?.continue === '' ? undefined : page.metadata?.continue;
      if (next === undefined) {
        return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
      }
    }
  }

  async apply<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    { force = false }: ApplyOptions = {},
  ): Promise<T> {
    // An apply that makes the object needs both rights.
    assertDeclared(type, 'create');
    return (await this.#transport.call({
      verb: 'patch',
      type,
      method: 'PATCH',
      ...refOf(object),
      query: { fieldManager: MANAGER, force: String(force) },
      contentType: 'application/apply-patch+yaml',
      body: { ...kindOf(type), ...object },
    })) as T;
  }

  async applyStatus<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    const { uid } = object.metadata ?? {};
    const { status } = object as { readonly status?: unknown };
    return (await this.#transport.call({
      verb: 'patch',
      type,
      method: 'PATCH',
      ...refOf(object),
      subresource: 'status',
      query: { fieldManager: MANAGER, force: 'true' },
      contentType: 'application/apply-patch+yaml',
      // With the uid, an object that was made anew meanwhile is a conflict.
      body: { ...kindOf(type), metadata: { ...refOf(object), uid }, status },
    })) as T;
  }

  async create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    return (await this.#transport.call({
      verb: 'create',
      type,
      method: 'POST',
      namespace: object.metadata?.namespace,
      query: { fieldManager: MANAGER },
      body: { ...kindOf(type), ...object },
    })) as T;
  }

  async replace<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    if (object.metadata?.resourceVersion === undefined) {
      throw new Error('only what was read can be replaced: it has no resourceVersion');
    }
    return (await this.#transport.call({
      verb: 'update',
      type,
      method: 'PUT',
      ...refOf(object),
      query: { fieldManager: MANAGER },
      body: { ...kindOf(type), ...object },
    })) as T;
  }

  async mergePatch<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Reference,
    patch: object,
  ): Promise<T> {
    return (await this.#transport.call({
      verb: 'patch',
      type,
      method: 'PATCH',
      ...ref,
      query: { fieldManager: MANAGER },
      contentType: 'application/merge-patch+json',
      body: patch,
    })) as T;
  }

  async delete<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Reference,
    { uid, resourceVersion, propagation, graceSeconds }: DeleteOptions = {},
  ): Promise<boolean> {
    const body = {
      preconditions: { uid, resourceVersion },
      propagationPolicy: propagation,
      gracePeriodSeconds: graceSeconds,
    };
    try {
      await this.#transport.call({ verb: 'delete', type, method: 'DELETE', ...ref, body });
      return true;
    } catch (error) {
      if (error instanceof KubeError && error.status === NOT_FOUND) return false;
      throw error;
    }
  }

  async *watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const { namespace, labelSelector, resourceVersion, timeoutSeconds } = options;
    const query = {
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
      labelSelector,
    };
    assertDeclared(type, 'watch');
    const call: Call = { verb: 'watch', type, method: 'GET', namespace, query };
    try {
      const body = this.#transport.stream(call, signal, options.onOpen);
      for await (const line of lines(body, KUBE_CALL.watchLineBytesMax)) yield watchEvent<T>(line);
    } catch (error) {
      throw errorOf(error, this.server);
    }
  }
}

function kindOf({ group, version, kind }: ResourceType<KubeObject>): {
  apiVersion: string;
  kind: string;
} {
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind };
}

function refOf({ metadata }: KubeObject): Reference {
  return { namespace: metadata?.namespace, name: metadata?.name ?? '' };
}

const EVENT_TYPES: readonly string[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'];

function watchEvent<T>(line: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: unknown };
  if (EVENT_TYPES.includes(type)) return { type, object } as WatchEvent<T>;
  const status = object as Status;
  throw statusError(status.code ?? 0, {}, JSON.stringify(status));
}
