/** The composition root of a name server. */
import type { NameServerStartConfig } from '#cli/nameserver-config';
import { certificateOf, listenersOf, proxiedOf } from '#cli/process-settings';
import { listenerAddresses, type Banner } from '#cli/ready';
import { runProcess, type ProcessContext, type Service } from '#cli/run-process';
import { systemClock } from '#lib/clock';
import { formatHostPort } from '#lib/host-port';
import { NameServer } from '#nameserver/main';
import { INTERNAL_LISTENER } from '#proto/fleet';
import { FleetSettingsFile } from '#proto/fleet-settings-file';

/** Runs until a signal ends the process. */
export function runNameServer(config: NameServerStartConfig): Promise<void> {
  return runProcess(config, (context) => addNameServer(context, config));
}

function addNameServer(
  { log, registry, lifecycle }: ProcessContext,
  config: NameServerStartConfig,
): Service {
  const { data, host, grpcPort, registryHost, registryPort, fleetToken } = config;
  const further = listenersOf(config.listeners);
  const proxied = proxiedOf(config.proxyProtocol);
  const { fleetFile: path } = config;
  const fleet = path ? new FleetSettingsFile({ path, clock: systemClock, log }) : undefined;
  if (fleet) lifecycle.add(fleet);
  const nameServer = new NameServer({
    config: {
      data,
      transport: config.transport,
      listeners: [{ name: INTERNAL_LISTENER, port: grpcPort }, ...further].map((listener) => ({
        ...listener,
        host,
        isProxied: proxied.includes(listener.name),
      })),
      registry: { host: registryHost, port: registryPort },
      fleetToken,
      certificate: certificateOf(config),
    },
    fleet,
    log,
    registry,
    clock: systemClock,
  });
  lifecycle.add(nameServer);
  const door = (name: string): string => formatHostPort({ host, port: nameServer.port(name) });
  const addresses = (): NameServerAddresses => ({
    grpc: door(INTERNAL_LISTENER),
    ...listenerAddresses(further, door),
    registry: formatHostPort({ host: registryHost, port: nameServer.registryPort }),
  });
  return {
    addresses,
    readiness: () => nameServer.readiness(),
    banner: () => nameServerBanner(addresses()),
  };
}

/** A type, not an interface: it is also one of any addresses. */
type NameServerAddresses = Readonly<{ grpc: string; registry: string }>;

function nameServerBanner({ grpc, registry }: NameServerAddresses): Banner {
  return {
    facts: [
      ['Clients', `${grpc}  (RocketMQ 5 gRPC, plaintext and TLS)`],
      ['Brokers', `${registry}  (where they register)`],
    ],
    next: [
      `npx sluice broker start --name-servers ${registry} --name broker-1 --data ./broker-1 \\`,
      '    --grpc-port 0 --admin-port 0 --metrics-port 0',
    ],
  };
}
