/** The composition root of a broker: in a fleet, or on its own. */
import { resolve } from 'node:path';
import { ADMIN_ADDRESS_DEFAULT } from '#cli/admin-command';
import type { BrokerStartConfig } from '#cli/broker-config';
import { certificateOf, listenersOf, proxiedOf } from '#cli/process-settings';
import { runProcess, type ProcessContext, type Service } from '#cli/run-process';
import { listenerAddresses, type Banner } from '#cli/ready';
import { Broker } from '#broker/main';
import { systemClock } from '#lib/clock';
import { parseHostPort } from '#lib/host-port';
import { INTERNAL_LISTENER } from '#proto/fleet';
import { FleetSettingsFile } from '#proto/fleet-settings-file';

const HOUR_MS = 3_600_000;

/** Runs until a signal ends the process. */
export function runBroker(config: BrokerStartConfig): Promise<void> {
  return runProcess(config, (context) => addBroker(context, config));
}

/** Adds a broker to the lifecycle. */
export function addBroker(
  { log, registry, lifecycle }: ProcessContext,
  config: BrokerStartConfig,
): Service {
  const { name, data, host, grpcPort, adminHost, adminPort, adminToken, durability } = config;
  const listeners = listenersOf(config.listeners);
  const { fleetFile: path } = config;
  const fleet = path ? new FleetSettingsFile({ path, clock: systemClock, log }) : undefined;
  if (fleet) lifecycle.add(fleet);
  const broker = new Broker({
    config: {
      name,
      data,
      host,
      grpcPort,
      transport: config.transport,
      listeners,
      proxied: proxiedOf(config.proxyProtocol),
      adminHost,
      adminPort,
      adminToken,
      durability,
      advertised: config.advertise === undefined ? undefined : parseHostPort(config.advertise),
      certificate: certificateOf(config),
      retentionMs: config.retentionHours * HOUR_MS,
      diskWatermark: config.diskWatermark,
      autoCreate: config.autoCreateTopics,
      nameServers: config.nameServers?.split(',') ?? [],
      fleetToken: config.fleetToken,
    },
    fleet,
    log,
    registry,
    clock: systemClock,
  });
  lifecycle.add(broker);
  const addresses = (): BrokerAddresses => ({
    grpc: broker.address(INTERNAL_LISTENER),
    admin: broker.adminAddress,
    ...listenerAddresses(listeners, (listener) => broker.address(listener)),
  });
  return {
    addresses,
    readiness: () => broker.readiness(),
    banner: () => brokerBanner(addresses(), config),
  };
}

/** A type, not an interface: it is also one of any addresses. */
type BrokerAddresses = Readonly<{ grpc: string; admin: string }>;

export function brokerBanner(
  { grpc, admin }: BrokerAddresses,
  config: Pick<BrokerStartConfig, 'data' | 'durability' | 'nameServers' | 'fleetFile'>,
): Banner {
  const { data, durability, nameServers, fleetFile } = config;
  const at = admin === ADMIN_ADDRESS_DEFAULT ? '' : ` --admin ${admin}`;
  const promise = durability === 'sync' ? 'answers after fsync' : 'answers before fsync';
  return {
    facts: [
      ['Clients', `${grpc}  (RocketMQ 5 gRPC, plaintext and TLS)`],
      ['Admin', admin],
      ...(nameServers === undefined ? [] : [['Registers', `at ${nameServers}`] as const]),
      ...(fleetFile === undefined ? [] : [['Fleet', `follows ${resolve(fleetFile)}`] as const]),
      ['Data', `${resolve(data)}  (durability ${durability}: ${promise})`],
    ],
    next: [
      `npx sluice topic create orders${at}`,
      `npx sluice message send orders 'Hello'${at}`,
      `npx sluice broker status${at}`,
    ],
  };
}
