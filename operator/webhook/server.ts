/**
 * POST /validate over HTTPS: the API server asks whether an object may be stored. Whoever reaches
 * the port can ask too, so what a caller may take is bounded. Where no answer comes the object is
 * let in (failurePolicy Ignore), and the reconcile finds what is wrong with it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { WEBHOOK } from '#lib/kubernetes-limits';
import { LISTEN } from '#lib/limits';
import type { Part } from '#lib/lifecycle';
import type { Log } from '#lib/log';
import { BodyReader, BodyRefused } from '#operator/webhook/body';
import type { KeyPair } from '#operator/webhook/certificate';

const PATH = '/validate';

/** The answer to a body, as JSON; throws BAD_REQUEST for what is no question. */
export type Answer = (body: string) => object;

export interface WebhookServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly answer: Answer;
  readonly clock: Clock;
  readonly log: Log;
}

export class WebhookServer implements Required<Part> {
  readonly name = 'webhook server';
  readonly #options: WebhookServerOptions;
  readonly #server: Server;
  readonly #bodies = new BodyReader();
  /** Connections without a request; Node's own closing spares those that never had one. */
  readonly #idle = new Set<Socket>();
  #isStopping = false;

  constructor(options: WebhookServerOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        maxHeaderSize: WEBHOOK.headerBytesMax,
        handshakeTimeout: WEBHOOK.handshakeMs,
        headersTimeout: WEBHOOK.requestMs,
        requestTimeout: WEBHOOK.requestMs,
        connectionsCheckingInterval: WEBHOOK.requestCheckMs,
        keepAliveTimeout: WEBHOOK.keepAliveMs,
      },
      (request, response) => void this.#handle(request, response),
    );
    this.#server.maxConnections = WEBHOOK.connectionsMax;
    this.#server.on('secureConnection', (socket) => {
      this.#idle.add(socket);
      socket.once('close', () => this.#idle.delete(socket));
    });
    this.#server.on('tlsClientError', (error) => {
      options.log.debug({ error }, 'a connection to the webhook failed');
    });
  }

  /** Once started. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** For connections from now on; those that are open stay with what they have. */
  useCertificate({ cert, key }: KeyPair): void {
    this.#server.setSecureContext({ cert, key });
  }

  /** Without a certificate no connection comes about. */
  start(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Calls that came in get their answer; their connections go with it. */
  stop(): Promise<void> {
    const server = this.#server;
    this.#isStopping = true;
    const timer = this.#options.clock.setTimeout(
      () => server.closeAllConnections(),
      LISTEN.drainMs,
    );
    return new Promise((resolve, reject) => {
      server.close((error) => {
        timer.cancel();
        if (error) reject(error);
        else resolve();
      });
      for (const socket of this.#idle) socket.destroy();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    this.#idle.delete(socket);
    response.once('finish', () => !socket.destroyed && this.#idle.add(socket));
    if (this.#isStopping) response.setHeader('connection', 'close');
    try {
      if (request.url?.split('?', 1)[0] !== PATH) {
        refuse(response, 404, `there is ${PATH}`);
      } else if (request.method !== 'POST') {
        response.setHeader('allow', 'POST');
        refuse(response, 405, 'only POST is allowed here');
      } else {
        const answer = this.#options.answer(await this.#bodies.read(request));
        send(response, 200, 'application/json', JSON.stringify(answer));
      }
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const { log } = this.#options;
    // The caller is gone, or was too slow and has its answer (408) from Node.
    if (request.destroyed && !request.complete) return;
    if (error instanceof BodyRefused) {
      log.warn({ status: error.status }, `refused a request to the webhook: ${error.message}`);
      refuse(response, error.status, error.message);
      return;
    }
    const { code, message } = SluiceError.from(error);
    if (code !== 'BAD_REQUEST') log.error({ error }, 'the webhook failed');
    refuse(response, code === 'BAD_REQUEST' ? 400 : 500, message);
  }
}

/** What is left of the body stays unread, and the connection goes with it. */
function refuse(response: ServerResponse, status: number, reason: string): void {
  response.setHeader('connection', 'close');
  send(response, status, 'text/plain; charset=utf-8', `${reason}\n`);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}
