/**
 * NetworkPolicy `orders-mq`: clients and metrics come from anywhere; the port that changes things
 * at a broker, and the one that brokers register at, only from the instance and the operator. An
 * operator that is in no namespace of the cluster may come from anywhere; tokens keep others out.
 */
import type {
  V1NetworkPolicy,
  V1NetworkPolicyIngressRule,
  V1NetworkPolicyPeer,
} from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName, componentLabels, instanceLabels, LABEL, MANAGER, PORT } from '#kube/names';
import { NETWORK_POLICIES } from '#kube/resources';
import { listenerPorts } from '#operator/resources/listener-ports';
import { head } from '#operator/resources/object-head';

/** `from` is what the API calls it; the library renames it on its way out. */
interface IngressRule extends Omit<V1NetworkPolicyIngressRule, '_from'> {
  from?: V1NetworkPolicyPeer[];
}

/** Set by Kubernetes itself. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

export function networkPolicy(
  instance: CompleteInstance,
  operatorNamespace: string | undefined,
): V1NetworkPolicy {
  const clients = listenerPorts(instance).map(({ port }) => port);
  const open = [PORT.clients, ...clients, PORT.metrics];
  const ofTheInstance: IngressRule = {
    ...(operatorNamespace !== undefined && { from: peers(instance, operatorNamespace) }),
    // Admin port of brokers, registry of name servers.
    ports: [tcp(PORT.admin)],
  };
  return {
    ...head(NETWORK_POLICIES, instance, { name: childName.clients(instance.name) }),
    spec: {
      podSelector: { matchLabels: instanceLabels(instance.name) },
      policyTypes: ['Ingress'],
      ingress: [{ ports: open.map(tcp) }, ofTheInstance],
    },
  };
}

function peers({ name }: CompleteInstance, operatorNamespace: string): V1NetworkPolicyPeer[] {
  return [
    { podSelector: { matchLabels: componentLabels(name, 'broker') } },
    {
      namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: operatorNamespace } },
      podSelector: { matchLabels: { [LABEL.name]: MANAGER } },
    },
  ];
}

function tcp(port: number): { port: number; protocol: string } {
  return { port, protocol: 'TCP' };
}
