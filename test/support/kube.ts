/**
 * A real Kubernetes for tests: the cluster that KUBECONFIG names. Where there is none, suites that
 * need it are skipped, and say so.
 */
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { openCluster, type TestCluster } from '#support/cluster';

export { connectThrough, unrestricted, type TestCluster } from '#support/cluster';

const SETUP_MS = 60_000;

/** As `describe`, on the cluster; inside of tests `cluster()` is it. */
export function describeWithCluster(
  name: string,
  suite: (cluster: () => TestCluster) => void,
): void {
  if (process.env['KUBECONFIG'] === undefined) {
    // Not by the console: jest keeps that of a file to itself whose tests are all skipped.
    process.stderr.write(`SKIPPED for want of a cluster (set KUBECONFIG): ${name}\n`);
    test.skip(`${name}: needs a cluster`, () => undefined);
    return;
  }
  describe(name, () => {
    let open: TestCluster | undefined;
    beforeAll(async () => {
      open = await openCluster();
    }, SETUP_MS);
    suite(() => {
      if (!open) throw new Error('the cluster is there in tests only');
      return open;
    });
    // Hooks run in the order in which they are said: the suite's own come first.
    afterAll(async () => {
      await open?.close();
    }, SETUP_MS);
  });
}
