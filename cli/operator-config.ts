/** The settings of `sluice operator`. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { configFile, logSettings, metricsPort, port, refuse, text } from '#cli/process-settings';
import { notes } from '#lib/config';
import { OPERATOR } from '#lib/kubernetes-limits';
import { CONFIG } from '#lib/limits';
import { VERSION } from '#lib/version';

const dnsName = text.max(253).regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

export const operatorSchema = z
  .strictObject({
    config: configFile,
    kubeconfig: text.optional().register(notes, {
      help: 'Reach the cluster by this kubeconfig',
      placeholder: 'FILE',
      defaultNote: 'KUBECONFIG, or the service account of the pod',
    }),
    namespaces: text
      .regex(/^[a-z0-9-]+(,[a-z0-9-]+)*$/)
      .optional()
      .register(notes, {
        help: 'Look after these namespaces only',
        placeholder: 'NAME,...',
        allowed: 'names of namespaces with commas between them',
        defaultNote: 'all',
      }),
    image: text.default(`docker.io/library/sluice:${VERSION}`).register(notes, {
      help: 'Image of brokers and name servers, where an instance says none',
      placeholder: 'IMAGE',
    }),
    operatorNamespace: dnsName.optional().register(notes, {
      help: "Namespace of the operator's own Lease and certificate",
      placeholder: 'NAME',
      defaultNote: 'that of its pod or of the kubeconfig, else "default"',
    }),
    identity: dnsName.prefault(hostname().toLowerCase()).register(notes, {
      help: 'Name among the replicas of the operator',
      placeholder: 'NAME',
      defaultNote: "the host's name, which is the pod's",
    }),
    leaderLease: dnsName.default('sluice-operator').register(notes, {
      help: 'Lease by which replicas agree on who works',
      placeholder: 'NAME',
    }),
    clusterDomain: dnsName.default('cluster.local').register(notes, {
      help: 'Domain of the cluster, under which Services have their names',
      placeholder: 'DOMAIN',
    }),
    webhook: z.boolean().default(true).register(notes, {
      help: 'Serve no webhook: what it refuses is told in the status only',
    }),
    webhookPort: port(OPERATOR.webhookPort, 'Port of the webhook'),
    webhookService: dnsName.default('sluice-operator-webhook').register(notes, {
      help: 'Service that the API server reaches the webhook by',
      placeholder: 'NAME',
    }),
    webhookConfiguration: dnsName.default('sluice-operator').register(notes, {
      help: 'ValidatingWebhookConfiguration that the certificate is put into',
      placeholder: 'NAME',
    }),
    host: text.default(CONFIG.loopback).register(notes, {
      help: 'Address for the webhook, health and metrics; 0.0.0.0 for all',
      placeholder: 'HOST',
    }),
    metricsPort,
    ...logSettings,
  })
  .superRefine(({ namespaces }, context) => {
    const names = namespaces?.split(',') ?? [];
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) refuse(context, 'namespaces', `${twice} is there twice`);
  });

/** Complete, valid and frozen. */
export type OperatorStartConfig = Readonly<z.output<typeof operatorSchema>>;
