/** What a process says once it serves: one line for machines, the next steps for people. */
import { resolve } from 'node:path';
import { ADMIN_ADDRESS_DEFAULT } from '#cli/admin-command';
import type { StandaloneConfig } from '#cli/standalone-config';
import type { LogFormat } from '#lib/log';
import { VERSION } from '#lib/version';

/** The `host:port` of each door. */
export interface Addresses {
  readonly grpc: string;
  readonly admin: string;
  readonly metrics: string;
}

/** Printed whatever the log level: scripts wait for it. */
export function readyText(
  format: LogFormat,
  addresses: Addresses,
  config: Pick<StandaloneConfig, 'data' | 'durability'>,
): string {
  if (format === 'pretty') return banner(addresses, config);
  const line = { level: 'info', time: new Date().toISOString(), event: 'ready', ...addresses };
  return `${JSON.stringify({ ...line, version: VERSION, msg: 'ready' })}\n`;
}

function banner(
  { grpc, admin, metrics }: Addresses,
  { data, durability }: Pick<StandaloneConfig, 'data' | 'durability'>,
): string {
  const at = admin === ADMIN_ADDRESS_DEFAULT ? '' : ` --admin ${admin}`;
  const promise = durability === 'sync' ? 'answers after fsync' : 'answers before fsync';
  return `
Sluice ${VERSION} is ready.

  Clients     ${grpc}  (RocketMQ 5 gRPC, plaintext and TLS)
  Admin       ${admin}
  Health      http://${metrics}/readyz
  Metrics     http://${metrics}/metrics
  Data        ${resolve(data)}  (durability ${durability}: ${promise})

Next, in another terminal:

  npx sluice topic create orders${at}
  npx sluice message send orders 'Hello'${at}
  npx sluice broker status${at}

Ctrl-C stops it.

`;
}
