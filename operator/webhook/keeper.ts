/**
 * Keeps the webhook's certificates: makes them, agrees on them with the other replicas by way of a
 * Secret, has the API server trust them, and replaces them in time.
 */
import { isDeepStrictEqual } from 'node:util';
import type { V1Secret, V1ValidatingWebhookConfiguration } from '@kubernetes/client-node';
import { KubeError, type KubeClient } from '#kube/client';
import { LABEL, MANAGER, PRODUCT } from '#kube/names';
import { OPERATOR_SECRETS, VALIDATING_WEBHOOKS } from '#kube/resources';
import type { Clock, Timer } from '#lib/clock';
import { WEBHOOK } from '#lib/kubernetes-limits';
import { LISTEN } from '#lib/limits';
import type { Log } from '#lib/log';
import { pause } from '#lib/pause';
import { Backoff } from '#lib/retry';
import {
  advance,
  caBundle,
  decode,
  expiryMs,
  secretData,
  type Certificates,
  type KeyPair,
} from '#operator/webhook/certificate';

interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

export interface CertificateKeeperOptions {
  readonly client: KubeClient;
  readonly secret: SecretName;
  /** Name of the ValidatingWebhookConfiguration; calls come from there. */
  readonly configuration: string;
  /** Host names and addresses that calls come for. */
  readonly names: readonly string[];
  /** Called with the first certificate, and with each that takes its place. */
  readonly onCertificate: (pair: KeyPair) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #backoff = new Backoff(WEBHOOK.checkFailed);
  #serving: KeyPair | undefined;
  #checking: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
  }

  /** When the certificate that calls are answered with expires, in ms since the epoch. */
  get expiryMs(): number | undefined {
    return this.#serving && expiryMs(this.#serving.cert);
  }

  /** Looks after the certificates from now on. The API server may be away: nobody waits for it. */
  start(): void {
    this.#checking = this.#checkAndSchedule();
  }

  /** What is under way comes to its end, unless the API server lets it wait. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    const ended = new AbortController();
    const isOver = this.#checking.then(() => ended.abort());
    await Promise.race([isOver, pause(this.#options.clock, LISTEN.drainMs, ended.signal)]);
  }

  /** Brings everything to what it has to be now. Rejects when the API server won't have it. */
  async #check(): Promise<void> {
    const { client, configuration } = this.#options;
    const found = await client.get(VALIDATING_WEBHOOKS, { name: configuration });
    const installed = (found?.webhooks ?? []).map(
      ({ clientConfig }) => clientConfig.caBundle ?? '',
    );
    const { serving, trusted } = await this.#agree(commonTrust(installed));
    const bundle = caBundle(trusted);
    try {
      if (found && installed.some((each) => each !== bundle)) await this.#install(found, bundle);
    } finally {
      // Whether or not it is trusted by now: with what was there before, calls fail for sure.
      this.#serve(serving);
    }
  }

  async #checkAndSchedule(): Promise<void> {
    const { clock, log } = this.#options;
    let delayMs: number = WEBHOOK.checkMs;
    try {
      await this.#check();
      this.#backoff.reset();
    } catch (error) {
      if (this.#isStopped) return;
      delayMs = this.#backoff.nextMs();
      log.warn({ error, retryMs: delayMs }, "the webhook's certificates could not be looked after");
    }
    if (this.#isStopped) return;
    this.#timer = clock.setTimeout(() => {
      this.#checking = this.#checkAndSchedule();
    }, delayMs);
  }

  /** What all replicas have agreed on, by compare-and-swap on the Secret. */
  async #agree(installed: string | undefined): Promise<Certificates> {
    const { client, secret, names, clock, log } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const found = await client.get(OPERATOR_SECRETS, secret);
      const data = found?.data ?? {};
      const wanted = advance(data, { names, nowMs: clock.nowMs(), installed });
      const wantedData = secretData(wanted);
      if (isDeepStrictEqual({ ...data }, wantedData)) return wanted;
      try {
        await (found
          ? client.replace(OPERATOR_SECRETS, withData(found, wantedData))
          : client.create(OPERATOR_SECRETS, newSecret(secret, wantedData)));
        log.info({ ...secret, expires: expiryOf(wanted) }, "wrote the webhook's certificates");
        return wanted;
      } catch (error) {
        const isRace = error instanceof KubeError && error.isConflict;
        if (!isRace || attempt >= WEBHOOK.writeAttempts) throw error;
      }
    }
  }

  /** A conflict when somebody else has changed it meanwhile. */
  async #install(found: V1ValidatingWebhookConfiguration, bundle: string): Promise<void> {
    const { client, configuration, log } = this.#options;
    // A merge patch takes lists as a whole: all of it as it is, but for that one field.
    const webhooks = structuredClone(found.webhooks ?? []);
    for (const { clientConfig } of webhooks) clientConfig.caBundle = bundle;
    const { resourceVersion } = found.metadata ?? {};
    await client.mergePatch(
      VALIDATING_WEBHOOKS,
      { name: configuration },
      { metadata: { resourceVersion }, webhooks },
    );
    log.info({ configuration }, 'the API server is told to trust the webhook');
  }

  #serve(pair: KeyPair): void {
    if (isDeepStrictEqual(pair, this.#serving)) return;
    this.#serving = pair;
    this.#options.onCertificate(pair);
  }
}

/** PEM that every one of the configuration's webhooks trusts; undefined without any webhook. */
function commonTrust(bundles: readonly string[]): string | undefined {
  if (bundles.length === 0) return undefined;
  const isSame = bundles.every((bundle) => bundle === bundles[0]);
  return isSame ? decode(bundles[0]) : '';
}

/** As it is, its resourceVersion included, so that another replica's write is not lost. */
function withData(found: V1Secret, data: Record<string, string>): V1Secret {
  const changed = structuredClone(found);
  changed.data = data;
  return changed;
}

function newSecret({ namespace, name }: SecretName, data: Record<string, string>): V1Secret {
  return {
    apiVersion: 'v1',
    kind: OPERATOR_SECRETS.kind,
    metadata: { namespace, name, labels: { [LABEL.name]: PRODUCT, [LABEL.managedBy]: MANAGER } },
    type: 'kubernetes.io/tls',
    data,
  };
}

function expiryOf({ serving }: Certificates): string {
  return new Date(expiryMs(serving.cert)).toISOString();
}
