import { startSluice } from '#support/sluice-process';
import type { GroupOptions, Target, TopicKind } from './target.ts';

/** A Sluice of this test file's own, which creates no topic that nobody asked for. */
export async function sluiceTarget(): Promise<Target> {
  const sluice = await startSluice({ arguments: ['--no-auto-create-topics'] });
  return {
    name: 'sluice',
    endpoints: sluice.grpc,
    async createTopic(name: string, kind: TopicKind, queues: number): Promise<void> {
      await sluice.command('topic', 'create', name, '--kind', kind, '--queues', String(queues));
    },
    async createGroup(name: string, options: GroupOptions = {}): Promise<void> {
      const args = ['group', 'create', name];
      if (options.ordered === true) args.push('--ordered');
      if (options.retryMaxTimes !== undefined) {
        args.push('--max-attempts', String(options.retryMaxTimes));
      }
      await sluice.command(...args);
    },
    async stop(): Promise<void> {
      try {
        const code = await sluice.stop();
        if (code !== 0) throw new Error(`exit code ${code}\n${sluice.log().join('\n')}`);
      } finally {
        await sluice.dispose();
      }
    },
  };
}
