import { scheduledCases } from './cases/scheduled.ts';
import { NodeClients } from './node-clients.ts';
import { runTogether } from './scenario.ts';

runTogether('Node: scheduled', (endpoints) => new NodeClients(endpoints), scheduledCases);
