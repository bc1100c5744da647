import { killedMember } from './cases/killed-member.ts';
import { pushCases } from './cases/push.ts';
import { NodeClients } from './node-clients.ts';
import { runTogether } from './scenario.ts';

runTogether('Node: push consumer', (endpoints) => new NodeClients(endpoints), [
  ...pushCases,
  killedMember,
]);
