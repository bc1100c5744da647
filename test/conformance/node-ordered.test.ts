import { orderedCases } from './cases/ordered.ts';
import { NodeClients } from './node-clients.ts';
import { runTogether } from './scenario.ts';

runTogether('Node: ordered', (endpoints) => new NodeClients(endpoints), orderedCases);
