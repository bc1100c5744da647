/** The Kubernetes API as the code sees it; kube/http-client.ts speaks it. */
import type { KubeObject, Reference, ResourceType, Verb } from '#kube/types';

/** What the API server refused or could not do. */
export class KubeError extends Error {
  /** Of the HTTP answer; 0 when there was none. */
  readonly status: number;
  /** The API server's word for it: Conflict, AlreadyExists, Expired, Invalid, Forbidden, … */
  readonly reason: string;
  /** How long the API server wants to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    reason: string,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'KubeError';
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The object was changed, or exists already, or is held by another field manager. */
  get isConflict(): boolean {
    return this.status === 409;
  }

  /** What was asked for is too old: list again. */
  get isExpired(): boolean {
    return this.status === 410;
  }
}

export interface ListOptions {
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
}

export interface ObjectList<T> {
  readonly items: T[];
  /** To watch from. */
  readonly resourceVersion: string;
}

export interface ApplyOptions {
  /** Takes fields over that another manager holds; without it that is a conflict. */
  readonly force?: boolean;
}

export interface DeleteOptions {
  /** A conflict unless the object still is this one. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagation?: 'Orphan' | 'Background' | 'Foreground';
  readonly graceSeconds?: number;
}

export interface WatchOptions extends ListOptions {
  readonly resourceVersion: string;
  /** After it the API server ends the watch. */
  readonly timeoutSeconds: number;
  /** Called when the API server has agreed, before anything has changed. */
  readonly onOpen?: () => void;
}

export interface WatchEvent<T> {
  /** A bookmark's object holds nothing but its resourceVersion. */
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** All methods fail with KubeError; a verb that the resource does not declare is a plain Error. */
export interface KubeClient {
  /** Undefined: there is no such object. */
  get<T extends KubeObject>(type: ResourceType<T>, ref: Reference): Promise<T | undefined>;
  /** All of them, fetched in pages. */
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** Server-side apply: makes the object, or sets what the given one holds. */
  apply<T extends KubeObject>(type: ResourceType<T>, object: T, options?: ApplyOptions): Promise<T>;
  /** As `apply`, of the object's status alone, forced. */
  applyStatus<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T>;
  create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T>;
  /** Compare-and-swap: a conflict unless the object's resourceVersion is still the given one's. */
  replace<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T>;
  mergePatch<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Reference,
    patch: object,
  ): Promise<T>;
  /** False: it was not there. */
  delete<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Reference,
    options?: DeleteOptions,
  ): Promise<boolean>;
  /**
   * What changes from `resourceVersion` on. Ends when the API server ends it; fails with status
   * 410 when that version is too old.
   */
  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
}

/** One request to the API server and what came of it. */
export interface KubeCall {
  readonly verb: Verb;
  readonly type: ResourceType<KubeObject>;
  /** `plural`, or `plural/status`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  /** HTTP status; 0 when there was no answer. A patch that made the object has 201. */
  readonly code: number;
  /** Until the answer was there; of a watch, until it began. */
  readonly ms: number;
}
