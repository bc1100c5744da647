/** A name server within the test's process, on free ports of the loopback. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '#lib/clock';
import { CONFIG } from '#lib/limits';
import { createRegistry, type Registry } from '#lib/metrics';
import { NameServer, type NameServerConfig } from '#nameserver/main';
import type { FleetSettingsSource } from '#proto/fleet-settings';
import { silentLog } from '#support/grpc-echo';

export interface LocalNameServer {
  readonly server: NameServer;
  readonly metrics: Registry;
  /** Safe to call again. */
  stop(): Promise<void>;
}

export async function startLocalNameServer(
  changes: Partial<NameServerConfig> = {},
  clock: Clock = systemClock,
  fleet?: FleetSettingsSource,
): Promise<LocalNameServer> {
  const data = await mkdtemp(join(tmpdir(), 'sluice-nameserver-'));
  const config = {
    data,
    transport: CONFIG.transport,
    listeners: [{ name: 'internal', host: '127.0.0.1', port: 0 }],
    registry: { host: '127.0.0.1', port: 0 },
    fleetToken: undefined,
    certificate: undefined,
    ...changes,
  };
  const metrics = createRegistry();
  const server = new NameServer({ config, fleet, log: silentLog, registry: metrics, clock });
  await server.start();
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  };
  return { server, metrics, stop };
}
