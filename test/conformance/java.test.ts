import { test } from '@jest/globals';
import { orderedCases } from './cases/ordered.ts';
import { produceCases } from './cases/produce.ts';
import { pushCases } from './cases/push.ts';
import { scheduledCases } from './cases/scheduled.ts';
import { shareCases } from './cases/share.ts';
import { simpleCases } from './cases/simple.ts';
import { transactionCases } from './cases/transaction.ts';
import { buildDriver, missingTool } from './java-build.ts';
import { JavaClients } from './java-clients.ts';
import { runTogether } from './scenario.ts';

const missing = missingTool();
if (missing === undefined) {
  const classPath = await buildDriver();
  const clientsOf = (endpoints: string): Promise<JavaClients> =>
    JavaClients.start(classPath, endpoints);
  runTogether('Java', clientsOf, [
    ...produceCases,
    ...simpleCases,
    ...shareCases,
    ...pushCases,
    ...orderedCases,
    ...scheduledCases,
    ...transactionCases,
  ]);
} else {
  console.warn(`THE JAVA CLIENT IS NOT TESTED: there is no \`${missing}\` on this machine`);
  test.skip(`SKIPPED, since \`${missing}\` is missing: all cases with the Java client`, () => {});
}
