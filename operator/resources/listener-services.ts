/**
 * Services of a listener for clients outside: `orders-mq-external`, where they start, and
 * `orders-shard-0-external`, where routes send them. Behind a Gateway both are plain ones.
 */
import type { V1Service, V1ServicePort } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import type { ListenerSpec } from '#kube/api/instance';
import { ANNOTATION, childName, instanceLabels, LABEL, shardLabels } from '#kube/names';
import { SERVICES } from '#kube/resources';
import { bootstrapSelector } from '#operator/resources/clients-service';
import { portName, servicePort, type ListenerPort } from '#operator/resources/listener-ports';
import { head } from '#operator/resources/object-head';

export function listenerService(instance: CompleteInstance, at: ListenerPort): V1Service {
  const { listener } = at;
  const { name, bootstrapNodePort: nodePort } = listener;
  const labels = { ...instanceLabels(instance.name), [LABEL.listener]: name };
  const port = clientsPort(at);
  if (listener.type === 'NodePort' && nodePort !== undefined) port.nodePort = nodePort;
  return {
    ...head(SERVICES, instance, {
      name: childName.listener(instance.name, name),
      labels,
      annotations: annotationsOf(listener),
    }),
    spec: {
      type: serviceType(listener),
      selector: bootstrapSelector(instance),
      ports: [port],
    },
  };
}

export function shardListenerService(
  instance: CompleteInstance,
  shard: number,
  at: ListenerPort,
): V1Service {
  const { name } = at.listener;
  const selector = shardLabels(instance.name, shard);
  return {
    ...head(SERVICES, instance, {
      name: childName.shardListener(instance.name, shard, name),
      labels: { ...selector, [LABEL.listener]: name },
      annotations: annotationsOf(at.listener),
    }),
    spec: {
      type: serviceType(at.listener),
      publishNotReadyAddresses: true,
      selector,
      ports: [clientsPort(at)],
    },
  };
}

/** Routes are not followed: the Service tells of its own, and so of one that is wanted no more. */
function annotationsOf({ annotations, gateway }: ListenerSpec): Record<string, string> {
  return { ...annotations, ...(gateway && { [ANNOTATION.route]: gateway.route }) };
}

function serviceType({ type }: ListenerSpec): string {
  return type === 'Gateway' ? 'ClusterIP' : type;
}

/** A Gateway that ends TLS has to know that HTTP/2 without TLS goes on from there. */
function clientsPort({ listener, port }: ListenerPort): V1ServicePort {
  const isPlain = listener.type === 'Gateway' && listener.gateway?.route === 'GRPCRoute';
  const found = servicePort(portName(port), port);
  if (isPlain) found.appProtocol = 'kubernetes.io/h2c';
  return found;
}
