import { createAdminService } from '#broker/admin/service';
import type { AdminBackend } from '#broker/admin/backend';
import { createLog } from '#lib/log';
import { GrpcServer } from '#proto/grpc-transport/server';

export interface AdminServer {
  /** `host:port` */
  readonly address: string;
  stop(): Promise<void>;
}

/** The admin service over the real transport on a free port of loopback. */
export async function startAdminServer(
  backend: AdminBackend,
  token?: string,
): Promise<AdminServer> {
  const log = createLog({ level: 'silent', format: 'json' });
  const server = new GrpcServer({
    transport: 'grpc-js',
    services: [createAdminService(backend, { token, log })],
    listeners: [{ name: 'admin', host: '127.0.0.1', port: 0 }],
    log,
  });
  await server.start();
  return { address: `127.0.0.1:${server.port('admin')}`, stop: () => server.drain(0) };
}
