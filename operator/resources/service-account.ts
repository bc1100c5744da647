/** ServiceAccount `orders-mq`: its pods call no API, so that they get no token. */
import type { V1ServiceAccount } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName } from '#kube/names';
import { SERVICE_ACCOUNTS } from '#kube/resources';
import { head } from '#operator/resources/object-head';

export function serviceAccount(instance: CompleteInstance): V1ServiceAccount {
  return {
    ...head(SERVICE_ACCOUNTS, instance, { name: childName.clients(instance.name) }),
    automountServiceAccountToken: false,
  };
}
