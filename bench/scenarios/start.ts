import { setTimeout as delay } from 'node:timers/promises';
import { fill } from '../drain.ts';
import { newIdPrefix } from '../load/message-id.ts';
import { SendRequest } from '../load/send-request.ts';
import { Session } from '../load/session.ts';
import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';
import { TARGETS } from '../targets.ts';
import { OK, statusOf, unary } from '../wire/unary.ts';

const TOPIC = 'bench';
const QUEUES = 8;
const BODY_BYTES = 1024;
/** About what a message of 1 KiB takes in a log, whoever writes it. */
const LOG_BYTES_PER_MESSAGE = 1250;
const FIRST_ANSWER_MS = 120_000;
const RETRY_MS = 20;

/** Seconds from the start of the process to the first OK answer to a send. */
async function secondsToFirstAnswer(trial: Trial): Promise<number> {
  const startedAt = performance.now();
  const server = await trial.start();
  for (;;) {
    try {
      await sendOne(server);
      return (performance.now() - startedAt) / 1000;
    } catch (error) {
      if (performance.now() - startedAt > FIRST_ANSWER_MS) throw error;
      await delay(RETRY_MS);
    }
  }
}

async function sendOne(server: RunningServer): Promise<void> {
  const { host, port } = server;
  const onError = (what: string): void => void process.stderr.write(`${what}\n`);
  const options = { host, port, role: 'producer', topics: [TOPIC], group: '', onError } as const;
  const session = await Session.open(options);
  try {
    const request = new SendRequest({
      topic: TOPIC,
      queues: QUEUES,
      idPrefix: newIdPrefix(),
      bodyBytes: BODY_BYTES,
      kind: 'normal',
      schedule: { dueAt: 0, duePerSecond: 0, delayMs: 0 },
    });
    const answer = await unary(session.connection, 'SendMessage', request.patch(0, 0));
    const { code, message } = statusOf(answer);
    if (code !== OK) throw new Error(`SendMessage: ${code} ${message}`);
  } finally {
    await session.close();
  }
}

export const start: Scenario = {
  name: 'start',
  about: 'start of the process to the first OK answer to a send, connection and settings included',
  async run(trial) {
    const fresh = await trial.start();
    await fresh.createTopics([TOPIC], QUEUES);
    await trial.stopServer();
    const empty = await secondsToFirstAnswer(trial);
    trial.add('empty log', empty, 's', TARGETS.startSecondsEmpty);
    await trial.stopServer();
    const server = await trial.start();
    const messages = Math.ceil(trial.sizes.logBytes / LOG_BYTES_PER_MESSAGE);
    await fill(trial, server, { topics: [TOPIC], messages });
    trial.add('log', trial.sizes.logBytes / 1024 ** 2, 'MiB');
    await trial.stopServer('kill');
    const killed = await secondsToFirstAnswer(trial);
    trial.add('after kill -9', killed, 's', TARGETS.startSecondsFull);
    await trial.stopServer();
    const stopped = await secondsToFirstAnswer(trial);
    trial.add('after a stop', stopped, 's', TARGETS.startSecondsFull);
  },
};
