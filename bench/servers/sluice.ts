/** Sluice as a user starts it: `sluice standalone` with its defaults, on free ports. */
import type { Transport } from '#proto/grpc-transport/listener-options';
import { startSluice, type SluiceProcess } from '#support/sluice-process';
import type { Contender, RunningServer } from './contender.ts';

/** Fine enough to see what costs a microsecond a message. */
const PROFILE_INTERVAL_MICROS = 500;

export function sluice(transport: Transport): Contender {
  return {
    name: transport,
    transport,
    async start({ dataDirectory, profileDirectory }) {
      const profile = ['--cpu-prof', `--cpu-prof-interval=${PROFILE_INTERVAL_MICROS}`];
      const server = await startSluice({
        dataDirectory,
        arguments: ['--transport', transport],
        environment:
          profileDirectory === undefined
            ? {}
            : { NODE_OPTIONS: [...profile, `--cpu-prof-dir=${profileDirectory}`].join(' ') },
      });
      return running(server);
    },
  };
}

function running(server: SluiceProcess): RunningServer {
  const colon = server.grpc.lastIndexOf(':');
  return {
    host: server.grpc.slice(0, colon),
    port: Number(server.grpc.slice(colon + 1)),
    pids: [server.pid],
    async createTopics(names, queues, kind = 'normal') {
      for (const name of names) {
        await server.command('topic', 'create', name, '--kind', kind, '--queues', `${queues}`);
      }
    },
    async createOrderedGroup(name) {
      await server.command('group', 'create', name, '--ordered');
    },
    async stop() {
      const code = await server.stop();
      if (code !== 0) throw new Error(`sluice ended with ${code}:\n${server.log().join('\n')}`);
    },
    kill: () => server.kill(),
  };
}
