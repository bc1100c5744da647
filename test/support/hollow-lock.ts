/** Nodes are of the whole cluster: test files that make some take turns. */
import { KubeError, type KubeClient } from '#kube/client';
import { LEASES, type Lease } from '#kube/resources';
import { unrestricted } from '#support/cluster';
import { until } from '#support/until';

const ALL_LEASES = unrestricted(LEASES);
const LOCK = { namespace: 'kube-system', name: 'hollow-nodes' };
const STALE_MS = 15_000;
const CONFLICT = 409;

/** Waits for its turn. The holder says at least every few seconds that it is still there. */
export async function acquireLock(
  client: KubeClient,
  holder: string,
  waitMs: number,
): Promise<void> {
  await until(
    waitMs,
    () => tryAcquire(client, holder),
    () => 'another test file still has its hollow nodes',
  );
}

export async function renewLock(client: KubeClient, holder: string): Promise<void> {
  await client.apply(ALL_LEASES, lockOf(holder), { force: true });
}

export async function releaseLock(client: KubeClient): Promise<void> {
  await client.delete(ALL_LEASES, LOCK);
}

/** As the API writes it: microseconds. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

async function tryAcquire(client: KubeClient, holder: string): Promise<boolean> {
  try {
    const found = await client.get(ALL_LEASES, LOCK);
    if (!found) {
      await client.create(ALL_LEASES, lockOf(holder));
      return true;
    }
    const renewedMs = Date.parse(found.spec?.renewTime ?? '') || 0;
    if (Date.now() - renewedMs < STALE_MS) return false;
    const resourceVersion = found.metadata?.resourceVersion ?? '';
    const lock = lockOf(holder);
    await client.replace(ALL_LEASES, { ...lock, metadata: { ...LOCK, resourceVersion } });
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === CONFLICT) return false;
    throw error;
  }
}

function lockOf(holder: string): Lease {
  return { metadata: LOCK, spec: { holderIdentity: holder, renewTime: microTime(Date.now()) } };
}
