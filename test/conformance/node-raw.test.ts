import { receiveCases } from './cases/raw-receive.ts';
import { rawScheduledCases } from './cases/raw-scheduled.ts';
import { sendCases } from './cases/raw-send.ts';
import { sessionCases } from './cases/raw-session.ts';
import { NodeClients } from './node-clients.ts';
import { runTogether } from './scenario.ts';

runTogether('Protocol, call by call', (endpoints) => new NodeClients(endpoints), [
  ...sessionCases,
  ...sendCases,
  ...receiveCases,
  ...rawScheduledCases,
]);
