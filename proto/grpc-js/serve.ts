/** Puts the methods of our services on a grpc-js server. Messages stay bytes on both ways. */
import {
  Metadata,
  status,
  type Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { Log } from '#lib/log';
import type { Connections } from '#proto/grpc-js/connections';
import { encodable } from '#proto/grpc-js/corrections';
import { ServerCall } from '#proto/grpc-js/server-call';
import { DuplexStream, OutgoingStream, type SlowReaders } from '#proto/grpc-js/server-stream';
import type {
  DuplexHandler,
  Method,
  ServerStreamHandler,
  Service,
  UnaryHandler,
} from '#proto/grpc-transport/call';
import { CallFailure } from '#proto/grpc-transport/call-failure';
import type { CallCounters } from '#proto/grpc-transport/listener-options';

export interface ServeOptions {
  /** Name of the listener, for the handlers. */
  readonly listener: string;
  readonly log: Log;
  readonly connections: Connections;
  readonly slowReaders: SlowReaders;
  readonly counters: CallCounters;
}

/** What a client learns of a failure that no handler foresaw. */
const NEUTRAL_MESSAGE = 'internal error; the server log has the cause';

const INTERNAL_FAILURE = { code: status.INTERNAL, details: NEUTRAL_MESSAGE } as const;

const identity = (message: Buffer): Buffer => message;

/** Throws TypeError when a method is already there: two services of one name. */
export function serve(server: Server, service: Service, options: ServeOptions): void {
  for (const [name, method] of Object.entries(service.methods)) {
    const path = `/${service.name}/${name}`;
    const [type, handler] = transportHandler(method, { ...options, path });
    if (!server.register(path, handler, identity, identity, type)) {
      throw new TypeError(`the method ${path} is served twice`);
    }
  }
}

interface MethodOptions extends ServeOptions {
  readonly path: string;
}

type TransportHandler = Parameters<typeof Server.prototype.register<Buffer, Buffer>>[1];

function transportHandler(method: Method, options: MethodOptions): [string, TransportHandler] {
  switch (method.kind) {
    case 'unary':
      return ['unary', unary(method.handle, options)];
    case 'server-stream':
      return ['serverStream', serverStream(method.handle, options)];
    case 'duplex':
      return ['bidi', duplex(method.handle, options)];
  }
}

function unary(handle: UnaryHandler, options: MethodOptions) {
  return (inner: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void => {
    options.counters.started++;
    const call = new ServerCall(inner, options.listener, options.connections);
    const succeed = (answer: Buffer): void => {
      call.finish();
      respond(null, answer);
    };
    const fail = (error: unknown): void => {
      if (!(error instanceof CallFailure)) logFailure(error, call, options);
      call.finish();
      respond(error instanceof CallFailure ? statusOf(error) : INTERNAL_FAILURE);
    };
    try {
      const answer = handle(inner.request, call);
      if (Buffer.isBuffer(answer)) succeed(answer);
      else answer.then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  };
}

function statusOf({ grpcStatus, message, trailers }: CallFailure): Partial<StatusObject> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return { code: grpcStatus, details: encodable(message), metadata };
}

function serverStream(handle: ServerStreamHandler, options: MethodOptions) {
  return (inner: ServerWritableStream<Buffer, Buffer>): void => {
    options.counters.started++;
    const call = new ServerCall(inner, options.listener, options.connections);
    const out = new OutgoingStream(inner, call, options.slowReaders);
    const fail = (error: unknown): void => {
      logFailure(error, call, options);
      out.fail(status.INTERNAL, NEUTRAL_MESSAGE);
    };
    try {
      const handled = handle(inner.request, call, out);
      if (handled) handled.then(() => out.end(), fail);
      else out.end();
    } catch (error) {
      fail(error);
    }
  };
}

function duplex(handle: DuplexHandler, options: MethodOptions) {
  return (inner: ServerDuplexStream<Buffer, Buffer>): void => {
    options.counters.started++;
    const call = new ServerCall(inner, options.listener, options.connections);
    const fail = (error: unknown): void => {
      logFailure(error, call, options);
      stream.fail(status.INTERNAL, NEUTRAL_MESSAGE);
    };
    const stream = new DuplexStream(inner, call, options.slowReaders, fail);
    try {
      handle(stream, call);
    } catch (error) {
      fail(error);
    }
  };
}

function logFailure(
  error: unknown,
  call: ServerCall,
  { log, counters, path }: MethodOptions,
): void {
  counters.failed++;
  log.error(
    { error, method: path, peer: call.peer, clientId: call.clientId },
    'a call failed in a way that its handler did not foresee',
  );
}
