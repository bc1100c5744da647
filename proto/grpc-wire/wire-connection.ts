/** One client's connection: its calls, what they share, and how long it lives. */
import type { Socket } from 'node:net';
import type { Method } from '#proto/grpc-transport/call';
import type { CarrierOptions } from '#proto/grpc-transport/carrier';
import { failureFields } from '#proto/grpc-wire/answer-headers';
import { DuplexCall } from '#proto/grpc-wire/duplex-call';
import { type Gate, Inflater } from '#proto/grpc-wire/inflater';
import { RefusedRequest } from '#proto/grpc-wire/refused-request';
import { ServerStreamCall } from '#proto/grpc-wire/server-stream-call';
import { parseTimeoutMs } from '#proto/grpc-wire/timeout';
import { UnaryCall } from '#proto/grpc-wire/unary-call';
import type { CallContext, CallStart } from '#proto/grpc-wire/wire-call';
import { GRPC_STATUS } from '#proto/grpc-wire/wire-failure';
import { ByteBudget } from '#proto/http2/byte-budget';
import { Http2Connection } from '#proto/http2/connection';
import { ConnectionLife } from '#proto/http2/connection-life';
import { ConnectionError } from '#proto/http2/errors';
import type { Http2Handler, SharedByConnections } from '#proto/http2/handler';
import type { RequestHead } from '#proto/http2/request-head';
import type { Http2Stream } from '#proto/http2/stream';

/** What the connections of a carrier share. */
export interface Shared extends SharedByConnections {
  readonly options: CarrierOptions;
  /** By path. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly partialRequests: ByteBudget;
  readonly inflations: Gate;
  /** Makes room for answers that have to wait. */
  onAnswersFull(bytes: number): void;
}

const GRPC_CONTENT_TYPE = /^application\/grpc(?:$|[+;])/;

export class WireConnection implements Http2Handler {
  readonly #peer: string;
  readonly #shared: Shared;
  readonly #context: CallContext;
  readonly #connection: Http2Connection;
  readonly #life: ConnectionLife;
  readonly #onGone: (connection: WireConnection) => void;

  constructor(
    socket: Socket,
    peer: string,
    shared: Shared,
    nowMs: number,
    onGone: (connection: WireConnection) => void,
  ) {
    this.#peer = peer;
    this.#shared = shared;
    this.#onGone = onGone;
    const { listener, log, counters, limits } = shared.options;
    this.#connection = new Http2Connection(socket, shared, this);
    this.#life = new ConnectionLife(this.#connection, limits, nowMs, Math.random());
    this.#context = {
      peer,
      listener,
      log,
      counters: counters.calls,
      requestBytesMax: limits.requestBytesMax,
      backlogMessagesMax: limits.backlogMessagesMax,
      partialRequests: new ByteBudget(
        limits.partialRequestsPerConnectionBytesMax,
        shared.partialRequests,
      ),
      inflater: new Inflater(shared.inflations, limits.requestBytesMax),
      cutSlowReader: () => this.#connection.cut('too many messages wait on one of its streams'),
    };
  }

  tick(nowMs: number): void {
    this.#life.tick(nowMs);
  }

  shutDown(nowMs: number, graceMs: number): void {
    this.#life.shutDown(nowMs, graceMs);
  }

  /** Of answers that its client does not read. */
  get waitingBytes(): number {
    return this.#connection.waitingBytes;
  }

  cut(reason: string): void {
    this.#connection.cut(reason);
  }

  destroy(): void {
    this.#connection.destroy();
  }

  open(stream: Http2Stream, head: RequestHead): void {
    const { fields, method, path } = head;
    if (fields.tooLarge) {
      const { metadataBytesMax } = this.#shared.options.limits;
      const message = `the headers of a call may have ${metadataBytesMax} bytes`;
      return refuse(stream, { grpcStatus: GRPC_STATUS.resourceExhausted, message });
    }
    if (method !== 'POST' || !GRPC_CONTENT_TYPE.test(fields.get('content-type'))) {
      stream.receiver = new RefusedRequest(stream, method);
      return;
    }
    const served = this.#shared.methods.get(path);
    if (!served) {
      const message = `the method ${path} is not served here`;
      return refuse(stream, { grpcStatus: GRPC_STATUS.unimplemented, message });
    }
    const timeout = fields.get('grpc-timeout');
    const timeoutMs = parseTimeoutMs(timeout);
    if (Number.isNaN(timeoutMs)) {
      const message = `grpc-timeout is digits and a unit, not ${timeout}`;
      return refuse(stream, { grpcStatus: GRPC_STATUS.internal, message });
    }
    this.#serve(served, { stream, head, timeoutMs });
  }

  onAnswersFull(bytes: number): void {
    this.#shared.onAnswersFull(bytes);
  }

  onSlowReader(reason: string): void {
    const { counters, log, listener } = this.#shared.options;
    counters.slowReaders++;
    log.warn({ peer: this.#peer, listener, reason }, 'cut a connection: it does not read');
  }

  onBroken(error: unknown): void {
    const { counters, log, listener } = this.#shared.options;
    const facts = { error, peer: this.#peer, listener };
    if (error instanceof ConnectionError) {
      counters.protocolErrors++;
      log.debug(facts, 'closed a connection: its client broke the protocol');
    } else {
      log.error(facts, 'closed a connection: it could not be served');
    }
  }

  onClosed(): void {
    this.#onGone(this);
  }

  #serve(served: Method, start: CallStart): void {
    const context = this.#context;
    const { stream } = start;
    if (served.kind === 'unary') {
      stream.receiver = new UnaryCall(start, context, served.handle);
    } else if (served.kind === 'server-stream') {
      stream.receiver = new ServerStreamCall(start, context, served.handle);
    } else {
      const call = new DuplexCall(start, context);
      stream.receiver = call;
      call.start(served.handle);
    }
  }
}

/** Before anything of the request was looked at. */
function refuse(stream: Http2Stream, failure: { grpcStatus: number; message: string }): void {
  stream.receiver = NOBODY;
  stream.sendTrailers(failureFields(failure, false));
  stream.release();
}

const NOBODY = {
  isAwaited: false,
  onData: ignore,
  onEnd: ignore,
  onClosed: ignore,
  onWritable: ignore,
  onOverdue: ignore,
};

function ignore(): void {
  // The call is over.
}
