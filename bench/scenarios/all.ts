/** Every scenario, in the order in which they run. */
import type { Scenario } from '../scenario.ts';
import { backlogFlat } from './backlog-flat.ts';
import { idleConnections } from './idle-connections.ts';
import { idle } from './idle.ts';
import { large } from './large.ts';
import { memoryScenario } from './memory.ts';
import { operator } from './operator.ts';
import { produceConsume } from './produce-consume.ts';
import { produce } from './produce.ts';
import { queuesFlat } from './queues-flat.ts';
import { receiveAck } from './receive-ack.ts';
import { start } from './start.ts';

export const SCENARIOS: readonly Scenario[] = [
  produce,
  receiveAck,
  produceConsume,
  large,
  backlogFlat,
  queuesFlat,
  memoryScenario,
  start,
  idle,
  idleConnections,
  operator,
];
