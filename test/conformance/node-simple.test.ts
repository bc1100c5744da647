import { shareCases } from './cases/share.ts';
import { moreSimpleCases, simpleCases } from './cases/simple.ts';
import { NodeClients } from './node-clients.ts';
import { runTogether } from './scenario.ts';

runTogether('Node: simple consumer', (endpoints) => new NodeClients(endpoints), [
  ...simpleCases,
  ...moreSimpleCases,
  ...shareCases,
]);
