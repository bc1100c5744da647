/** The admin service of RocketMQ on a core, beside the clients' door, and a client of it. */
import { Client, Metadata, credentials } from '@grpc/grpc-js';
import type { Core } from '#broker/core';
import { statusReporter } from '#broker/core-admin/status';
import { ROCKETMQ_ADMIN, type RocketmqAdminMethod } from '#broker/rocketmq-admin/board';
import { createRocketmqAdminService } from '#broker/rocketmq-admin/service';
import { systemClock, type Clock } from '#lib/clock';
import { parseHostPort } from '#lib/host-port';
import { createLog, type Log } from '#lib/log';
import { GrpcServer } from '#proto/grpc-transport/server';
import { ROCKETMQ_ADMIN_SERVICE, codec } from '#proto/messages';
import type { Messages } from '#proto/types';
import { openClientDoor } from '#support/client-door';

const CALL_MS = 10_000;

type RequestOf<M extends RocketmqAdminMethod> = Messages[(typeof ROCKETMQ_ADMIN)[M][0]]['input'];
type AnswerOf<M extends RocketmqAdminMethod> = Messages[(typeof ROCKETMQ_ADMIN)[M][1]]['decoded'];

export class RocketmqAdminClient {
  readonly #client: Client;
  readonly #token: string | undefined;

  constructor(address: string, token?: string) {
    this.#client = new Client(address, credentials.createInsecure());
    this.#token = token;
  }

  call<M extends RocketmqAdminMethod>(
    method: M,
    request: RequestOf<M>,
    callMs = CALL_MS,
  ): Promise<AnswerOf<M>> {
    const [requestName, answerName] = ROCKETMQ_ADMIN[method];
    const requests = codec<(typeof ROCKETMQ_ADMIN)[M][0]>(requestName);
    const answers = codec<(typeof ROCKETMQ_ADMIN)[M][1]>(answerName);
    return this.send(
      method,
      requests.encode(request),
      (bytes) => answers.decode(bytes) as AnswerOf<M>,
      callMs,
    );
  }

  /** A call whose request may be anything. */
  send<Answer>(
    method: string,
    request: Buffer,
    decode: (bytes: Buffer) => Answer,
    callMs = CALL_MS,
  ): Promise<Answer> {
    const metadata = new Metadata();
    if (this.#token !== undefined) metadata.set('authorization', `Bearer ${this.#token}`);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest<Buffer, Answer>(
        `/${ROCKETMQ_ADMIN_SERVICE}/${method}`,
        (bytes) => bytes,
        decode,
        request,
        metadata,
        { deadline: Date.now() + callMs },
        (error, answer) => {
          if (error) reject(error);
          else if (answer === undefined) reject(new Error(`${method} gave no answer`));
          else resolve(answer);
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

export interface AdminStand {
  readonly admin: RocketmqAdminClient;
  /** Where clients connect. */
  readonly endpoints: string;
  /** Where the admin service is. */
  readonly address: string;
  readonly log: Log;
  stop(): Promise<void>;
}

export async function openAdminStand(
  core: Core,
  { clock = systemClock, token }: { clock?: Clock; token?: string } = {},
): Promise<AdminStand> {
  const log = createLog({ level: 'info', format: 'json', destination: { write: () => undefined } });
  const door = await openClientDoor(core, clock);
  const reporter = statusReporter({ core, clock, durability: 'sync', connections: () => 1 });
  const board = {
    core,
    clock,
    log,
    brokerName: 'broker-a',
    endpoint: (listener: string) =>
      listener === 'internal' ? parseHostPort(door.address) : undefined,
    status: reporter.status,
  };
  const server = new GrpcServer({
    transport: 'grpc-js',
    services: [createRocketmqAdminService(board, token)],
    listeners: [{ name: 'admin', host: '127.0.0.1', port: 0 }],
    log,
  });
  await server.start();
  const address = `127.0.0.1:${server.port('admin')}`;
  const admin = new RocketmqAdminClient(address, token);
  return {
    admin,
    endpoints: door.address,
    address,
    log,
    async stop() {
      admin.close();
      reporter.stop();
      await Promise.all([server.drain(0), door.stop()]);
    },
  };
}
