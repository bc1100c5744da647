import { illegalSends, produceCases } from './cases/produce.ts';
import { NodeClients } from './node-clients.ts';
import { runTogether } from './scenario.ts';

runTogether('Node: produce', (endpoints) => new NodeClients(endpoints), [
  ...produceCases,
  illegalSends,
]);
