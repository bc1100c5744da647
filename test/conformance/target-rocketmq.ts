import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { GroupOptions, Target, TopicKind } from './target.ts';

const run = promisify(execFile);
const ADMIN_MS = 60_000;
/** Creations that come within this time share one start of the admin command's JVM. */
const GATHER_MS = 50;

/**
 * A RocketMQ that already runs: CONFORMANCE_ENDPOINTS is its proxy's `host:port`, CONFORMANCE_ADMIN
 * the command that runs mqadmin, CONFORMANCE_NAMESERVER and CONFORMANCE_CLUSTER where that acts.
 */
export async function rocketmqTarget(environment: NodeJS.ProcessEnv): Promise<Target> {
  const endpoints = required(environment, 'CONFORMANCE_ENDPOINTS');
  const command = required(environment, 'CONFORMANCE_ADMIN').split(' ');
  const nameServer = environment['CONFORMANCE_NAMESERVER'] ?? '127.0.0.1:9876';
  const cluster = environment['CONFORMANCE_CLUSTER'] ?? 'DefaultCluster';
  const where = ['-n', nameServer, '-c', cluster];
  const createTopics = gathered((list) => mqadmin(command, 'updateTopicList', where, list));
  const createGroups = gathered((list) => mqadmin(command, 'updateSubGroupList', where, list));
  return {
    name: 'rocketmq',
    endpoints,
    createTopic(name: string, kind: TopicKind, queues: number): Promise<void> {
      return createTopics({
        topicName: name,
        readQueueNums: queues,
        writeQueueNums: queues,
        perm: 6,
        attributes: { '+message.type': kind.toUpperCase() },
      });
    },
    async createGroup(name: string, options: GroupOptions = {}): Promise<void> {
      const { ordered = false, retryMaxTimes = 16 } = options;
      const config = { groupName: name, consumeMessageOrderly: ordered, retryMaxTimes };
      // Its broker creates a plain group at first use.
      if (ordered || options.retryMaxTimes !== undefined) await createGroups(config);
    },
    async stop(): Promise<void> {},
  };
}

/** Gives what is asked for at about the same time to `act` in one list. */
function gathered(
  act: (list: readonly object[]) => Promise<void>,
): (item: object) => Promise<void> {
  let open: { list: object[]; done: Promise<void> } | undefined;
  return (item) => {
    if (open === undefined) {
      const list: object[] = [];
      const done = sleep(GATHER_MS).then(() => {
        open = undefined;
        return act(list);
      });
      open = { list, done };
    }
    open.list.push(item);
    return open.done;
  };
}

/** Runs a command that takes a list in a file; it ends with 0 also when it fails. */
async function mqadmin(
  [program = '', ...prefix]: readonly string[],
  command: string,
  where: readonly string[],
  list: readonly object[],
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const file = join(directory, 'list.json');
    await writeFile(file, JSON.stringify(list));
    const args = [...prefix, command, ...where, '-f', file];
    const { stdout, stderr } = await run(program, args, { timeout: ADMIN_MS });
    if (!/success/i.test(stdout)) throw new Error(`mqadmin ${command}:\n${stdout}${stderr}`);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function required(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') {
    throw new Error(
      `CONFORMANCE_TARGET=rocketmq needs ${name}; test/conformance/README.md says how`,
    );
  }
  return value;
}
