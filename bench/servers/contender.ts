/** What the scenarios ask of a server under test: Sluice, or another one beside it. */
import type { TopicKind } from '#proto/route';
import { type Transport, TRANSPORTS } from '#proto/grpc-transport/listener-options';

/** Sluice by its transport, and another server; the order of the columns in the table. */
export const SERVER_NAMES = [...TRANSPORTS, 'peer'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

interface ServerOptions {
  /** Where its data is; it stays there when the server stops. */
  readonly dataDirectory: string;
  /** Where to write a CPU profile when it ends; servers that can't have none. */
  readonly profileDirectory?: string | undefined;
}

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** All processes that serve. */
  readonly pids: readonly number[];
  /** Makes topics, for normal messages unless told otherwise, each with so many queues. */
  createTopics(names: readonly string[], queues: number, kind?: TopicKind): Promise<void>;
  /** Makes a group that gets the messages of a message group in order. */
  createOrderedGroup(name: string): Promise<void>;
  /** As an orderly stop does it; resolves when all processes have ended. */
  stop(): Promise<void>;
  /** SIGKILL to all processes. */
  kill(): Promise<void>;
}

export interface Contender {
  readonly name: ServerName;
  /** What carries the calls, of Sluice only. */
  readonly transport?: Transport;
  start(options: ServerOptions): Promise<RunningServer>;
}
