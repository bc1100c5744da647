/** The clients' door of a core, over the real transport on a free port of loopback. */
import type { Core } from '#broker/core';
import { messagingService } from '#broker/grpc/dispatch';
import type { Clock } from '#lib/clock';
import { GrpcServer } from '#proto/grpc-transport/server';
import { silentLog } from '#support/core';
import { servicesOf } from '#support/services';

export interface ClientDoor {
  /** `host:port` */
  readonly address: string;
  stop(): Promise<void>;
}

export async function openClientDoor(core: Core, clock: Clock): Promise<ClientDoor> {
  const server = new GrpcServer({
    transport: 'grpc-js',
    services: [messagingService(servicesOf(core, clock))],
    listeners: [{ name: 'internal', host: '127.0.0.1', port: 0 }],
    log: silentLog,
  });
  await server.start();
  return { address: `127.0.0.1:${server.port('internal')}`, stop: () => server.drain(0) };
}
