/** The secrets of an instance: what its brokers ask of one another and of the operator. */
import { randomBytes } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import type { KubeClient } from '#kube/client';
import { childName } from '#kube/names';
import { SECRETS } from '#kube/resources';
import { assertOurs } from '#operator/apply/ours';
import { fleetSecret } from '#operator/resources/fleet-secret';

const TOKEN_BYTES = 32;

export interface InstanceName {
  readonly namespace: string;
  readonly name: string;
}

/** They are never overwritten, and never in a log. */
export class Tokens {
  readonly #client: KubeClient;
  readonly #adminTokens = new Map<string, string>();
  /** By instance, the uid of the one that they are there for. */
  readonly #ensured = new Map<string, string>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Of the admin ports; undefined when the instance has none yet. */
  async adminToken(instance: InstanceName): Promise<string | undefined> {
    const key = keyOf(instance);
    const known = this.#adminTokens.get(key);
    if (known !== undefined) return known;
    const secret = await this.#read(instance);
    const encoded = secret?.data?.['admin-token'];
    if (encoded === undefined) return undefined;
    const token = Buffer.from(encoded, 'base64').toString();
    this.#adminTokens.set(key, token);
    return token;
  }

  /**
   * Makes them unless they are there. `again`: looks also when they were there before. Throws
   * Blocked when the Secret is another's: one of a deleted instance goes with it.
   */
  async ensure(instance: CompleteInstance, { again }: { again: boolean }): Promise<void> {
    const key = keyOf(instance);
    if (!again && this.#ensured.get(key) === instance.uid) return;
    const token = (): string => randomBytes(TOKEN_BYTES).toString('base64url');
    const wanted = fleetSecret(instance, { fleetToken: token(), adminToken: token() });
    const secret = await this.#read(instance);
    if (secret) assertOurs(SECRETS.kind, secret, wanted);
    else await this.#client.create(SECRETS, wanted);
    if (!secret || this.#ensured.get(key) !== instance.uid) this.#adminTokens.delete(key);
    this.#ensured.set(key, instance.uid);
  }

  /** The next question reads them again. */
  forget(instance: InstanceName): void {
    this.#adminTokens.delete(keyOf(instance));
    this.#ensured.delete(keyOf(instance));
  }

  #read({ namespace, name }: InstanceName): Promise<V1Secret | undefined> {
    return this.#client.get(SECRETS, { namespace, name: childName.fleet(name) });
  }
}

function keyOf({ namespace, name }: InstanceName): string {
  return `${namespace}/${name}`;
}
