/** The door alone as a server of the bench; see `door-process.ts`. */
import type { Transport } from '#proto/grpc-transport/listener-options';
import { startChild } from './child.ts';
import type { RunningServer } from './contender.ts';

const PROCESS = new URL('door-process.ts', import.meta.url);

export async function startDoor(
  dataDirectory: string,
  transport: Transport,
): Promise<RunningServer> {
  const args = [dataDirectory, transport];
  const { pid, ready, kill } = await startChild<{ grpc: string }>(PROCESS, args);
  const [host = '', port = ''] = ready.grpc.split(':');
  return {
    host,
    port: Number(port),
    pids: [pid],
    // It makes unknown topics at their first use.
    createTopics: () => Promise.resolve(),
    createOrderedGroup: () => Promise.resolve(),
    stop: kill,
    kill,
  };
}
