/** What the scenarios ask of a server under test: Sluice, or another one beside it. */

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
  /** Makes topics for normal messages, each with so many queues. */
  createTopics(names: readonly string[], queues: number): Promise<void>;
  /** As an orderly stop does it; resolves when all processes have ended. */
  stop(): Promise<void>;
  /** SIGKILL to all processes. */
  kill(): Promise<void>;
}

export interface Contender {
  readonly name: 'sluice' | 'peer';
  start(options: ServerOptions): Promise<RunningServer>;
}
