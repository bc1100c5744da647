/** A GrpcServer with the echo service, and clients for it. */
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import {
  Client,
  credentials,
  Metadata,
  type ChannelOptions,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Transport } from '#proto/grpc-transport/listener-options';
import { GrpcServer, type GrpcServerOptions } from '#proto/grpc-transport/server';
import { createLog, type Log } from '#lib/log';
import { ECHO, echoService, type EchoRecord } from '#support/echo-service';

/** Those that the contract of a transport is run with. */
export const TRANSPORTS: readonly Transport[] = ['wire', 'grpc-js'];

const echoPath = (method: string): string => `/${ECHO}/${method}`;

const identity = (message: Buffer): Buffer => message;

export const silentLog: Log = createLog({ level: 'silent', format: 'json' });

/** A started server on 127.0.0.1 with one listener, `internal`. */
export async function startEcho(
  options: Partial<GrpcServerOptions> & Pick<GrpcServerOptions, 'transport'>,
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

/** A message in gRPC's frame. */
export function framed(message: Buffer | string, isCompressed = false): Buffer {
  const bytes = Buffer.from(message as string);
  const head = Buffer.alloc(5);
  head.writeUInt8(isCompressed ? 1 : 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A call's message without content, in gRPC's frame. */
export const EMPTY_MESSAGE = framed('');

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

export interface Outcome {
  /** `grpc-status`; undefined when the call ended without one. */
  readonly status: string | undefined;
  /** Response headers, and trailers over them. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of RST_STREAM. */
  readonly resetCode: number;
}

/** How the call ended, whichever way. Ask for it before anything can have come. */
export async function outcomeOf(stream: ClientHttp2Stream): Promise<Outcome> {
  let headers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (received) => (headers = { ...headers, ...received }));
  stream.on('trailers', (received) => (headers = { ...headers, ...received }));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => {
    stream.once('close', resolve);
    // The client's half may still be open.
    stream.once('end', () => headers['grpc-status'] !== undefined && resolve());
  });
  const status = headers['grpc-status'] as string | undefined;
  return { status, headers, body: Buffer.concat(chunks), resetCode: stream.rstCode ?? 0 };
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
  unary(
    method: string,
    request: Buffer | string,
    { deadlineMs = 20_000, metadata = new Metadata() } = {},
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.makeUnaryRequest(
        echoPath(method),
        identity,
        identity,
        Buffer.from(request as string),
        metadata,
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

  duplex(method: string) {
    return this.makeBidiStreamRequest(echoPath(method), identity, identity);
  }
}
