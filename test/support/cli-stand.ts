/** The command line against an admin port that answers from memory. */
import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { startAdminServer, type AdminServer } from '#support/admin-server';
import { FakeAdminBackend, NOW_MS } from '#support/fake-admin-backend';
import { runCli, type CliOptions, type CliResult } from '#support/run-cli';

interface CliStand {
  readonly backend: FakeAdminBackend;
  /** A topic of the kind fifo, with two queues. */
  seedTopic(name: string): void;
  /** Runs a line of words with nothing but spaces between them, or the words. */
  sluice(line: string | string[], options?: CliOptions): Promise<CliResult>;
  /** What a line prints that has no reason to fail. */
  output(line: string, options?: CliOptions): Promise<string>;
}

/** For the tests of a file; each begins with nothing stored. */
export function cliStand(): CliStand {
  const backend = new FakeAdminBackend();
  let server: AdminServer;

  beforeAll(async () => {
    server = await startAdminServer(backend);
  });
  afterAll(() => server.stop());

  beforeEach(() => {
    backend.topicsByName.clear();
    backend.groupsByName.clear();
    backend.stored.length = 0;
    backend.unread.length = 0;
    backend.transactionsOfAll.length = 0;
    backend.receives.length = 0;
    backend.sendFailure = undefined;
  });

  const sluice = (line: string | string[], options?: CliOptions): Promise<CliResult> => {
    const words = typeof line === 'string' ? line.split(' ') : line;
    return runCli([...words, '--admin', server.address], options);
  };

  return {
    backend,
    seedTopic(name) {
      backend.topicsByName.set(name, {
        name,
        kind: 'fifo',
        queues: 2,
        permission: 'read-write',
        createdMs: NOW_MS,
        queueStates: [
          { queue: 0, minOffset: 5, maxOffset: 12_345, lastWriteMs: NOW_MS },
          { queue: 1, minOffset: 0, maxOffset: 0, lastWriteMs: undefined },
        ],
        groups: ['audit', 'billing'],
      });
    },
    sluice,
    async output(line, options) {
      const { code, stdout, stderr } = await sluice(line, options);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    },
  };
}
