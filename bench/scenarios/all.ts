/** Every scenario, in the order in which they run. */
import type { Scenario } from '../scenario.ts';
import { backlogFlat } from './backlog-flat.ts';
import { filtered } from './filtered.ts';
import { idleConnections } from './idle-connections.ts';
import { idle } from './idle.ts';
import { large } from './large.ts';
import { memoryScenario } from './memory.ts';
import { mixed } from './mixed.ts';
import { operator } from './operator.ts';
import { ordered } from './ordered.ts';
import { produceConsume } from './produce-consume.ts';
import { produce } from './produce.ts';
import { queuesFlat } from './queues-flat.ts';
import { receiveAck } from './receive-ack.ts';
import { scheduled } from './scheduled.ts';
import { start } from './start.ts';
import { timers } from './timers.ts';
import { transactional } from './transactional.ts';

export const SCENARIOS: readonly Scenario[] = [
  produce,
  receiveAck,
  produceConsume,
  ordered,
  scheduled,
  transactional,
  filtered,
  mixed,
  large,
  backlogFlat,
  queuesFlat,
  memoryScenario,
  start,
  idle,
  idleConnections,
  operator,
  timers,
];
