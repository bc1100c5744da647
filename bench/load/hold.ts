/** Many connections of which each has made a call and is idle since then. */
import { Connection } from '../wire/connection.ts';
import { OK, statusOf, unary } from '../wire/unary.ts';
import { headersOf, routeRequest } from './client.ts';
import type { LoadOptions } from './options.ts';
import type { Run } from './run.ts';

/** Connections that are being opened at a time. */
const OPENERS = 50;

export class Holder {
  readonly #run: Run;
  readonly #options: LoadOptions;
  readonly #connections: Connection[] = [];

  constructor(run: Run, options: LoadOptions) {
    this.#run = run;
    this.#options = options;
  }

  /** Resolves when all are open and have their answer; rejects when one can't be had. */
  async open(): Promise<void> {
    const { connections } = this.#options;
    let left = connections;
    const opener = async (): Promise<void> => {
      while (left-- > 0) this.#connections.push(await this.#openOne());
    };
    await Promise.all(Array.from({ length: OPENERS }, opener));
  }

  /** Counts those that did not last; `close` must not have been called. */
  check(): void {
    for (const { failure } of this.#connections) {
      if (failure !== undefined) this.#run.errors.add(`an idle connection: ${failure}`);
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #openOne(): Promise<Connection> {
    const { host, port, topics } = this.#options;
    const connection = await Connection.open(host, port, headersOf({ host, port }));
    const request = routeRequest(topics[0] ?? '', { host, port });
    const { code, message } = statusOf(await unary(connection, 'QueryRoute', request));
    if (code !== OK) throw new Error(`QueryRoute: ${code} ${message}`);
    return connection;
  }
}
