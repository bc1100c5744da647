/** What the handlers of the gRPC door work with, and the shape that each of them has. */
import type { Clock } from '#lib/clock';
import type { HostPort } from '#lib/host-port';
import type { Log } from '#lib/log';
import type { Status } from '#proto/codes';
import type { Call, DuplexHandler, Outgoing } from '#proto/grpc-transport/call';

import type { Mode } from '#broker/admit/mode';
import type { Quota } from '#broker/admit/quota';
import type { ClientQuestions } from '#broker/client/questions';
import type { Members } from '#broker/store/members';
import type { Sessions } from '#broker/client/sessions';
import type { Consumption } from '#broker/consume/consumption';
import type { Traffic } from '#broker/metrics/traffic';
import type { Producer } from '#broker/produce/produce';
import type { Scheduler } from '#broker/produce/scheduled';
import type { Transactions } from '#broker/produce/transaction';
import type { Resent } from '#broker/produce/resent';
import type { Groups } from '#broker/topic/groups';
import type { QueueSelector } from '#broker/topic/queue-selector';
import type { Topics } from '#broker/topic/topics';

export interface Services {
  clock: Clock;
  log: Log;
  brokerName: string;
  /** The address that clients of a listener are to dial; undefined for the one they dialled. */
  advertised: (listener: string) => HostPort | undefined;
  /** Unknown topics and groups are made at their first use. */
  autoCreate: boolean;
  topics: Topics;
  groups: Groups;
  selector: QueueSelector;
  producer: Producer;
  scheduler: Scheduler;
  transactions: Transactions;
  resent: Resent;
  consumption: Consumption;
  sessions: Sessions;
  questions: ClientQuestions;
  members: Members;
  traffic: Traffic;
  mode: Mode;
  quota: Quota;
}

/** A unary call: what it throws becomes a Status in the body of its own response (wire.md A.2). */
export interface UnaryRpc {
  kind: 'unary';
  handle: (request: Buffer, call: Call, services: Services) => Buffer | Promise<Buffer>;
  failure: (status: Status) => Buffer;
}

/** A call that answers with a stream, which ends with these messages when something was thrown. */
export interface ServerStreamRpc {
  kind: 'server-stream';
  handle: (request: Buffer, call: Call, out: Outgoing, services: Services) => Promise<void>;
  failure: (status: Status) => Buffer[];
}

export interface DuplexRpc {
  kind: 'duplex';
  open: (services: Services) => DuplexHandler;
}

export type Rpc = UnaryRpc | ServerStreamRpc | DuplexRpc;
