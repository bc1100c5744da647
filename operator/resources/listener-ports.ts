/** Ports of the listeners for clients: `internal`, then those of the spec by their position. */
import type { V1ServicePort } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import type { ListenerSpec } from '#kube/api/instance';
import { PORT } from '#kube/names';

export interface ListenerPort {
  readonly listener: ListenerSpec;
  readonly port: number;
}

export function listenerPorts({ listeners }: CompleteInstance): ListenerPort[] {
  return listeners.map((listener, index) => ({ listener, port: PORT.firstExternal + index }));
}

/** Not after the listener, whose name need not be legal for a port. */
export function portName(port: number): string {
  return port === PORT.clients ? 'clients' : `clients-${port}`;
}

/** Of a Service, at the same number as in the pod. */
export function servicePort(name: string, port: number): V1ServicePort {
  return { name, port, protocol: 'TCP', targetPort: port };
}
