/**
 * What the pods of brokers and name servers have in common. Whatever changes here restarts pods,
 * so that nothing of it comes from what the settings file holds, nor from the operator's version.
 */
import type {
  V1Container,
  V1ContainerPort,
  V1EnvVar,
  V1PodSecurityContext,
  V1PodTemplateSpec,
  V1Probe,
  V1ResourceRequirements,
  V1SecurityContext,
  V1Volume,
} from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import type { CompleteResources } from '#kube/api/pod-resources';

import { ANNOTATION, childName, FLEET_FILE, PORT, type Component } from '#kube/names';
import { POD } from '#lib/kubernetes-limits';
import { SECRET_KEY } from '#operator/resources/fleet-secret';
import { listenerPorts, portName } from '#operator/resources/listener-ports';
import { affinity, spread } from '#operator/resources/placement';
import { canonicalQuantity } from '#operator/resources/quantity';

const DATA_DIRECTORY = '/data';
const FLEET_DIRECTORY = '/etc/sluice/fleet';
const METRICS_PORT_NAME = 'metrics';

/** Of the volume that holds what is kept. */
export const DATA_VOLUME = 'data';

export interface PodOptions {
  readonly component: Component;
  readonly labels: Readonly<Record<string, string>>;
  /** The sub-command of `sluice`, then its own options. */
  readonly command: readonly string[];
  readonly options: readonly string[];
  /** The port for the others of the fleet. */
  readonly port: { readonly name: string; readonly number: number };
  /** Which secrets it gets. */
  readonly secrets: readonly (keyof typeof SECRET_KEY)[];
  readonly resources: CompleteResources;
  /** Beside the settings file. */
  readonly volumes: readonly V1Volume[];
}

export function podTemplate(instance: CompleteInstance, options: PodOptions): V1PodTemplateSpec {
  const { restart, imagePullSecrets } = instance;
  const { component, labels, volumes } = options;
  const allowed = affinity(instance);
  return {
    metadata: {
      labels: { ...labels },
      ...(restart !== undefined && { annotations: { [ANNOTATION.restart]: restart } }),
    },
    spec: {
      serviceAccountName: childName.clients(instance.name),
      automountServiceAccountToken: false,
      // Their variables would be taken for settings.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: POD.terminationGraceSeconds,
      securityContext: podSecurity(),
      ...(imagePullSecrets.length > 0 && {
        imagePullSecrets: imagePullSecrets.map((name) => ({ name })),
      }),
      ...(allowed && { affinity: allowed }),
      topologySpreadConstraints: spread(instance, component),
      containers: [container(instance, options)],
      volumes: [{ name: 'fleet', configMap: { name: childName.fleet(instance.name) } }, ...volumes],
    },
  };
}

function container(instance: CompleteInstance, options: PodOptions): V1Container {
  const { component, command, port, secrets, resources } = options;
  return {
    name: component,
    image: instance.image,
    imagePullPolicy: 'IfNotPresent',
    args: [...command, ...commonOptions(instance), ...options.options],
    env: secrets.map((secret) => tokenVariable(instance, secret)),
    ports: containerPorts(instance, port),
    resources: resourceRequirements(resources),
    securityContext: containerSecurity(),
    startupProbe: probe('/healthz', POD.startup),
    livenessProbe: probe('/healthz', POD.liveness),
    readinessProbe: probe('/readyz', POD.readiness),
    volumeMounts: [
      { name: DATA_VOLUME, mountPath: DATA_DIRECTORY },
      // As a whole: single files in it would not follow a change.
      { name: 'fleet', mountPath: FLEET_DIRECTORY, readOnly: true },
    ],
  };
}

/** Ports are said even where they are the default: probes and Services rely on them. */
function commonOptions(instance: CompleteInstance): string[] {
  const listeners = listenerPorts(instance).map(({ listener, port }) => `${listener.name}=${port}`);
  return [
    `--fleet-file=${FLEET_DIRECTORY}/${FLEET_FILE}`,
    `--data=${DATA_DIRECTORY}`,
    '--host=0.0.0.0',
    `--grpc-port=${PORT.clients}`,
    ...(listeners.length > 0 ? [`--listeners=${listeners.join(',')}`] : []),
    `--metrics-port=${PORT.metrics}`,
    '--log-format=json',
  ];
}

function containerPorts(instance: CompleteInstance, port: PodOptions['port']): V1ContainerPort[] {
  const tcp = (name: string, containerPort: number): V1ContainerPort => ({
    name,
    containerPort,
    protocol: 'TCP',
  });
  return [
    tcp(portName(PORT.clients), PORT.clients),
    ...listenerPorts(instance).map((each) => tcp(portName(each.port), each.port)),
    tcp(port.name, port.number),
    tcp(METRICS_PORT_NAME, PORT.metrics),
  ];
}

const VARIABLE = { fleetToken: 'SLUICE_FLEET_TOKEN', adminToken: 'SLUICE_ADMIN_TOKEN' } as const;

function tokenVariable({ name }: CompleteInstance, secret: keyof typeof SECRET_KEY): V1EnvVar {
  const secretKeyRef = { name: childName.fleet(name), key: SECRET_KEY[secret] };
  return { name: VARIABLE[secret], valueFrom: { secretKeyRef } };
}

function resourceRequirements(wanted: CompleteResources): V1ResourceRequirements {
  const { cpuRequest, memoryRequest, cpuLimit, memoryLimit } = wanted;
  return {
    requests: { cpu: canonicalQuantity(cpuRequest), memory: canonicalQuantity(memoryRequest) },
    limits: { cpu: canonicalQuantity(cpuLimit), memory: canonicalQuantity(memoryLimit) },
  };
}

/** Also what Pod Security calls `restricted` asks for. */
function podSecurity(): V1PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: POD.userId,
    runAsGroup: POD.userId,
    fsGroup: POD.userId,
    // Going through every file of a large volume at each start takes minutes.
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

function containerSecurity(): V1SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  };
}

function probe(path: string, times: Partial<V1Probe>): V1Probe {
  return { httpGet: { path, port: METRICS_PORT_NAME, scheme: 'HTTP' }, ...times };
}
