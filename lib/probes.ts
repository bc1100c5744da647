/**
 * Health and metrics over plain HTTP, for people and orchestrators: GET /healthz (the process
 * answers), /readyz (it can serve; if not, why), /metrics (Prometheus text).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROBES } from '#lib/limits';
import type { Part } from '#lib/lifecycle';
import type { Log } from '#lib/log';
import type { Registry } from '#lib/metrics';

/** Undefined when ready, else the reason why not, as a sentence. */
export type Readiness = () => string | undefined;

export interface ProbesOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: Readiness;
  readonly log: Log;
}

export interface Probes extends Required<Part> {
  /** `host:port`, once started. */
  address(): string;
}

export function createProbes(options: ProbesOptions): Probes {
  const server = createServer(
    {
      maxHeaderSize: PROBES.headerBytesMax,
      requestTimeout: PROBES.requestMs,
      headersTimeout: PROBES.requestMs,
      keepAliveTimeout: PROBES.keepAliveMs,
    },
    (request, response) => {
      answer(request, response, options).catch((error: unknown) => {
        options.log.error({ error, path: request.url }, 'a probe failed');
        send(response, 500, 'internal error; the server log has the cause');
      });
    },
  );
  server.maxConnections = PROBES.connectionsMax;
  return {
    name: 'probes',
    start: () => listen(server, options.host, options.port),
    stop: () => close(server),
    address: () => hostPort(server.address() as AddressInfo),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, readiness }: ProbesOptions,
): Promise<void> {
  // None of these takes a body: whatever comes is left unread, and the connection goes with it.
  if (request.headers['content-length'] || request.headers['transfer-encoding']) {
    response.setHeader('connection', 'close');
  }
  if (request.method !== 'GET') {
    response.setHeader('allow', 'GET');
    send(response, 405, 'only GET is allowed here');
    return;
  }
  switch (request.url?.split('?', 1)[0]) {
    case '/healthz':
      send(response, 200, 'ok');
      return;
    case '/readyz': {
      const reason = readiness();
      send(response, reason === undefined ? 200 : 503, reason ?? 'ready');
      return;
    }
    case '/metrics':
      send(response, 200, await registry.metrics(), registry.contentType);
      return;
    default:
      send(response, 404, 'there are /healthz, /readyz and /metrics');
  }
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(text.endsWith('\n') ? text : `${text}\n`);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}

function hostPort({ address, port, family }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
