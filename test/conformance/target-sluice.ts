import { createAdminClient } from '#proto/admin-client';
import { TopicKind as Kind } from '#proto/admin-types';
import { startSluice } from '#support/sluice-process';
import type { GroupOptions, Target, TopicKind } from './target.ts';

const KINDS = {
  normal: Kind.NORMAL,
  fifo: Kind.FIFO,
  delay: Kind.DELAY,
  transaction: Kind.TRANSACTION,
} as const;

/** A Sluice of this test file's own, which creates no topic that nobody asked for. */
export async function sluiceTarget(): Promise<Target> {
  const sluice = await startSluice({ arguments: ['--no-auto-create-topics'] });
  // Not by the command line: dozens of processes would cost more than the cases themselves.
  const admin = createAdminClient({ address: sluice.admin });
  return {
    name: 'sluice',
    endpoints: sluice.grpc,
    async createTopic(name: string, kind: TopicKind, queues: number): Promise<void> {
      await admin.call('CreateTopic', { name, kind: KINDS[kind], queues });
    },
    async createGroup(name: string, options: GroupOptions = {}): Promise<void> {
      const { ordered = false, retryMaxTimes } = options;
      await admin.call('CreateGroup', { name, ordered, maxAttempts: retryMaxTimes });
    },
    async stop(): Promise<void> {
      admin.close();
      try {
        const code = await sluice.stop();
        if (code !== 0) throw new Error(`exit code ${code}\n${sluice.log().join('\n')}`);
      } finally {
        await sluice.dispose();
      }
    },
  };
}
