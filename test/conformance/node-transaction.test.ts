import { transactionCases } from './cases/transaction.ts';
import { NodeClients } from './node-clients.ts';
import { runTogether } from './scenario.ts';

runTogether('Node: transactions', (endpoints) => new NodeClients(endpoints), [...transactionCases]);
