/** Secret `orders-fleet`: what brokers, name servers and the operator present to one another. */
import type { V1Secret } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName } from '#kube/names';
import { SECRETS } from '#kube/resources';
import { head } from '#operator/resources/object-head';

export const SECRET_KEY = { fleetToken: 'fleet-token', adminToken: 'admin-token' } as const;

export type FleetTokens = Readonly<Record<keyof typeof SECRET_KEY, string>>;

/** Made once: its tokens outlive every change of the instance. */
export function fleetSecret(instance: CompleteInstance, tokens: FleetTokens): V1Secret {
  return {
    ...head(SECRETS, instance, { name: childName.fleet(instance.name) }),
    type: 'Opaque',
    data: {
      [SECRET_KEY.adminToken]: base64(tokens.adminToken),
      [SECRET_KEY.fleetToken]: base64(tokens.fleetToken),
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
