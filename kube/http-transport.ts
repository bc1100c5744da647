/** Requests to the API server: each bounded in time and size, and sent again if that helps. */
import { request as send, type Dispatcher } from 'undici';
import { KubeError, type KubeCall } from '#kube/client';
import type { Connection } from '#kube/connection';
import { errorOf, statusError } from '#kube/http-errors';
import { pathOf, queryOf } from '#kube/http-path';
import { MANAGER } from '#kube/names';
import type { KubeObject, ResourceType, Verb } from '#kube/types';
import type { Clock } from '#lib/clock';
import { KUBE_CALL } from '#lib/kubernetes-limits';
import { pause } from '#lib/pause';
import { Backoff } from '#lib/retry';
import { VERSION } from '#lib/version';

/** A request, as often as it is sent. */
export interface Call {
  readonly verb: Verb;
  readonly type: ResourceType<KubeObject>;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: 'status';
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly contentType?: string;
  readonly body?: object;
}

export interface TransportOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly onCall: (call: KubeCall) => void;
}

type Answer = Dispatcher.ResponseData;

const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;
/** Also said for a moment of custom resources whose definition was changed. */
const SHUTTING_DOWN = 'apiserver is shutting down';
const UNAUTHORIZED = 401;

export class HttpTransport {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #onCall: (call: KubeCall) => void;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<AbortController>();

  constructor({ connection, clock, onCall }: TransportOptions) {
    this.#connection = connection;
    this.#clock = clock;
    this.#onCall = onCall;
  }

  /** All that is under way fails, and so does what comes after. */
  abort(): void {
    this.#closing.abort(new KubeError(0, 'Closed', 'the client of the API server was closed'));
    for (const call of this.#underWay) call.abort(this.#closing.signal.reason);
  }

  /** Sends it until it is answered, as often as is safe and makes sense. */
  async call(call: Call): Promise<unknown> {
    const url = urlOf(call);
    const backoff = new Backoff(KUBE_CALL.retry);
    for (let attempt = 1; ; attempt += 1) {
      this.#closing.signal.throwIfAborted();
      try {
        return await this.#attempt(call, url);
      } catch (error) {
        const failure = errorOf(error, this.#connection.server);
        if (attempt >= KUBE_CALL.attempts || !this.#mayRetry(call, failure)) throw failure;
        const waitMs = Math.max(failure.retryAfterMs ?? 0, backoff.nextMs());
        await pause(this.#clock, waitMs, this.#closing.signal);
      }
    }
  }

  /** The bytes of an answer that goes on; it ends at once when the signal is aborted. */
  async *stream(
    call: Call,
    signal: AbortSignal,
    onOpen: () => void = () => undefined,
  ): AsyncGenerator<Uint8Array> {
    const url = urlOf(call);
    const abort = this.#controller();
    const end = (): void => abort.abort();
    signal.addEventListener('abort', end);
    try {
      if (signal.aborted) return;
      abort.signal.throwIfAborted();
      const { body } = await this.#inTime(abort, () => this.#begin(call, url, abort.signal));
      onOpen();
      yield* body as AsyncIterable<Uint8Array>;
    } catch (error) {
      if (signal.aborted) return;
      throw errorOf(error, this.#connection.server);
    } finally {
      signal.removeEventListener('abort', end);
      abort.abort();
      this.#underWay.delete(abort);
    }
  }

  #mayRetry({ method }: Call, { status, message, retryAfterMs = 0 }: KubeError): boolean {
    if (this.#closing.signal.aborted || retryAfterMs > KUBE_CALL.retryAfterMaxMs) return false;
    // None of these was looked at by the API server, so that a write may be sent again too.
    if (status === TOO_MANY_REQUESTS) return true;
    if (status === UNAVAILABLE && message === SHUTTING_DOWN) return true;
    if (status === UNAUTHORIZED) return this.#connection.reload();
    return method === 'GET' && (status === 0 || status >= 500);
  }

  async #attempt(call: Call, url: string): Promise<unknown> {
    const abort = this.#controller();
    try {
      return await this.#inTime(abort, async () => {
        const { body } = await this.#begin(call, url, abort.signal);
        return JSON.parse(await textOf(body)) as unknown;
      });
    } finally {
      this.#underWay.delete(abort);
    }
  }

  /** For one request; it is aborted with the client. */
  #controller(): AbortController {
    const controller = new AbortController();
    this.#underWay.add(controller);
    if (this.#closing.signal.aborted) controller.abort(this.#closing.signal.reason);
    return controller;
  }

  async #inTime<R>(abort: AbortController, work: () => Promise<R>): Promise<R> {
    const message = `${this.#connection.server} did not answer within ${KUBE_CALL.timeoutMs} ms`;
    const timer = this.#clock.setTimeout(
      () => abort.abort(new KubeError(0, 'Timeout', message)),
      KUBE_CALL.timeoutMs,
    );
    try {
      return await work();
    } finally {
      timer.cancel();
    }
  }

  /** Resolves once the API server has agreed; the body is still to come. */
  async #begin(call: Call, url: string, signal: AbortSignal): Promise<Answer> {
    const { verb, type, namespace } = call;
    const startMs = this.#clock.monotonicMs();
    let code = 0;
    try {
      const answer = await this.#send(call, url, signal);
      code = answer.statusCode;
      if (code < 300) return answer;
      throw statusError(code, answer.headers, await textOf(answer.body));
    } finally {
      const ms = this.#clock.monotonicMs() - startMs;
      this.#onCall({ verb, type, resource: resourceOf(call), namespace, code, ms });
    }
  }

  async #send(call: Call, url: string, signal: AbortSignal): Promise<Answer> {
    const access = await this.#connection.access();
    const { method, body, contentType = 'application/json' } = call;
    return send(`${access.server}${url}`, {
      method,
      headers: {
        ...access.headers,
        accept: 'application/json',
        'user-agent': `${MANAGER}/${VERSION}`,
        ...(body ? { 'content-type': contentType } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      dispatcher: isBounded(call) ? access.calls : access.unbounded,
      signal,
    });
  }
}

function isBounded({ verb, type }: Call): boolean {
  return verb !== 'watch' && type.isUrgent !== true;
}

/** Programming errors fail here, before anything is sent. */
function urlOf(call: Call): string {
  assertDeclared(call.type, call.verb, call.subresource);
  return `${pathOf(call.type, call)}${queryOf(call.query ?? {})}`;
}

/** What is not declared is not granted either. */
export function assertDeclared(
  type: ResourceType<KubeObject>,
  verb: Verb,
  subresource?: 'status',
): void {
  const verbs = subresource === 'status' ? (type.statusVerbs ?? []) : type.verbs;
  if (verbs.includes(verb)) return;
  const resource = resourceOf({ type, ...(subresource ? { subresource } : {}) });
  throw new Error(`${verb} of ${resource} is not declared in kube/resources.ts`);
}

function resourceOf({ type, subresource }: Pick<Call, 'type' | 'subresource'>): string {
  return subresource === undefined ? type.plural : `${type.plural}/${subresource}`;
}

async function textOf(body: AsyncIterable<unknown>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > KUBE_CALL.answerBytesMax) {
      throw new RangeError(`more than ${KUBE_CALL.answerBytesMax} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
