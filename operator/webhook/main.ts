/** The validating webhook as a part of the operator: its server and its certificates. */
import type { KubeClient } from '#kube/client';
import type { Clock } from '#lib/clock';
import type { Part } from '#lib/lifecycle';
import type { Log } from '#lib/log';
import { counter, gauge, type Registry } from '#lib/metrics';
import { Checker } from '#operator/webhook/checker';
import { CertificateKeeper } from '#operator/webhook/keeper';
import type { Known } from '#operator/webhook/known';
import { WebhookServer } from '#operator/webhook/server';

export interface WebhookConfig {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Service that API servers reach it by; its certificate lies in the Secret `SERVICE-tls`. */
  readonly service: string;
  /** Of the Service, the Secret and the operator. */
  readonly namespace: string;
  readonly clusterDomain: string;
  /** Name of the ValidatingWebhookConfiguration that leads here. */
  readonly configuration: string;
}

export interface WebhookOptions {
  readonly config: WebhookConfig;
  readonly client: KubeClient;
  readonly known: Known;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
}

export class Webhook implements Required<Part> {
  readonly name = 'webhook';
  readonly #server: WebhookServer;
  readonly #keeper: CertificateKeeper;

  constructor({ config, client, known, registry, clock, log }: WebhookOptions) {
    const checker = new Checker(known);
    const { host, port, service, namespace } = config;
    const server = new WebhookServer({
      host,
      port,
      answer: (body) => checker.answer(body),
      clock,
      log,
    });
    this.#server = server;
    this.#keeper = new CertificateKeeper({
      client,
      secret: { namespace, name: `${service}-tls` },
      configuration: config.configuration,
      names: certificateNames(config),
      onCertificate: (pair) => server.useCertificate(pair),
      clock,
      log,
    });
    exposeMetrics(registry, checker, this.#keeper, clock);
  }

  /** Once started. */
  get port(): number {
    return this.#server.port;
  }

  /** Undefined once it can answer, else why not. */
  readiness(): string | undefined {
    return this.#keeper.expiryMs === undefined ? 'the webhook has no certificate yet' : undefined;
  }

  /**
   * Rejects when the address can't be listened on. The certificate comes when the API server is
   * there; until then no connection comes about.
   */
  async start(): Promise<void> {
    await this.#server.start();
    this.#keeper.start();
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
    await this.#server.stop();
  }
}

/** Listening on them says nothing about the name that one is called by. */
const ANY_ADDRESS = ['0.0.0.0', '::'];

/** API servers call the Service by the first name; outside a cluster they are given a URL. */
function certificateNames({ service, namespace, clusterDomain, host }: WebhookConfig): string[] {
  const name = `${service}.${namespace}.svc`;
  return [name, `${name}.${clusterDomain}`, ...(ANY_ADDRESS.includes(host) ? [] : [host])];
}

function exposeMetrics(
  registry: Registry,
  checker: Checker,
  keeper: CertificateKeeper,
  clock: Clock,
): void {
  counter(
    registry,
    'sluice_operator_webhook_requests_total',
    'Objects that the webhook was asked about, by kind, and whether it let them in.',
    ['kind', 'allowed'],
    () => checker.counts(),
  );
  gauge(
    registry,
    'sluice_operator_certificate_expiry_seconds',
    "Time until the webhook's certificate expires, in seconds.",
    [],
    () => {
      const { expiryMs } = keeper;
      return expiryMs === undefined ? [] : [[{}, (expiryMs - clock.nowMs()) / 1000]];
    },
  );
}
