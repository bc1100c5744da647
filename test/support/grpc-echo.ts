/** A GrpcServer with a small service whose messages are plain bytes, and a client for it. */
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { Client, credentials, type ChannelOptions, type ServiceError } from '@grpc/grpc-js';
import type { Call, Service } from '#proto/grpc-transport/call';
import { GrpcServer, type GrpcServerOptions } from '#proto/grpc-transport/server';
import { createLog, type Log } from '#lib/log';

const ECHO = 'test.Echo';

const echoPath = (method: string): string => `/${ECHO}/${method}`;

const identity = (message: Buffer): Buffer => message;

export interface EchoRecord {
  calls: Call[];
  cancels: string[];
  /** Resolves every call of Wait. */
  release: () => void;
}

/** Echo, Wait (until released), Throw, Reject, Stream (as many 64 KiB messages as asked), Chat. */
function echoService(): { service: Service; record: EchoRecord } {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const record: EchoRecord = { calls: [], cancels: [], release };
  const watch = (name: string, call: Call): void => {
    record.calls.push(call);
    call.onCancel(() => record.cancels.push(name));
  };
  const service: Service = {
    name: ECHO,
    methods: {
      Echo: { kind: 'unary', handle: (request, call) => (watch('Echo', call), request) },
      Wait: {
        kind: 'unary',
        async handle(request, call) {
          watch('Wait', call);
          await released;
          return request;
        },
      },
      Throw: {
        kind: 'unary',
        handle() {
          throw new Error('a secret');
        },
      },
      Reject: { kind: 'unary', handle: () => Promise.reject(new Error('a secret')) },
      Stream: {
        kind: 'server-stream',
        async handle(request, call, out) {
          watch('Stream', call);
          for (let left = Number(request.toString()); left > 0 && !call.cancelled; left--) {
            if (!out.write(Buffer.alloc(65_536, left))) await out.drained();
          }
        },
      },
      Careless: {
        kind: 'server-stream',
        handle(request, call, out) {
          watch('Careless', call);
          for (let left = Number(request.toString()); left > 0; left--)
            out.write(Buffer.alloc(1024));
        },
      },
      Chat: {
        kind: 'duplex',
        handle(stream, call) {
          watch('Chat', call);
          stream.onMessage((message) => {
            if (message.toString() === 'throw') throw new Error('a secret');
            if (message.toString() === 'fail') stream.fail(3, 'not that');
            else stream.write(message);
          });
          stream.onEnd(() => {
            record.cancels.push('Chat ended');
            stream.end();
          });
        },
      },
    },
  };
  return { service, record };
}

export const silentLog: Log = createLog({ level: 'silent', format: 'json' });

/** A started server on 127.0.0.1 with one listener, `internal`. */
export async function startEcho(
  options: Partial<GrpcServerOptions> = {},
): Promise<{ server: GrpcServer; port: number; record: EchoRecord }> {
  const { service, record } = echoService();
  const server = new GrpcServer({
    services: [service],
    listeners: [{ name: 'internal', host: '127.0.0.1', port: 0 }],
    log: silentLog,
    ...options,
  });
  await server.start();
  return { server, port: server.port('internal'), record };
}

/** A call's message without content, in gRPC's frame. */
export const EMPTY_MESSAGE = Buffer.alloc(5);

/** Plain HTTP/2, for clients that behave as gRPC's own never would. */
export function http2Session(port: number, options: ClientSessionOptions = {}): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, options);
  session.on('error', () => undefined);
  return session;
}

export function grpcRequest(
  session: ClientHttp2Session,
  method: string,
  headers: OutgoingHttpHeaders = {},
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': echoPath(method),
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => undefined);
  return stream;
}

export class EchoClient extends Client {
  constructor(port: number, options: ChannelOptions & { rootCert?: string } = {}) {
    const { rootCert, ...channel } = options;
    super(
      `127.0.0.1:${port}`,
      rootCert ? credentials.createSsl(Buffer.from(rootCert)) : credentials.createInsecure(),
      { 'grpc.use_local_subchannel_pool': 1, ...channel },
    );
  }

  waitUntilReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Rejects with the gRPC error. */
  unary(method: string, request: Buffer | string, deadlineMs = 20_000): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.makeUnaryRequest(
        echoPath(method),
        identity,
        identity,
        Buffer.from(request as string),
        { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, answer?: Buffer) =>
          error ? reject(error) : resolve(answer as Buffer),
      );
    });
  }

  stream(method: string, request: Buffer | string) {
    return this.makeServerStreamRequest(
      echoPath(method),
      identity,
      identity,
      Buffer.from(request as string),
    );
  }

  chat() {
    return this.makeBidiStreamRequest(echoPath('Chat'), identity, identity);
  }
}
