/**
 * A consumer that is killed at any moment: the public Node client, which applies each message in a
 * database and acknowledges it. It takes the database's name and address, `host:port`, the topic,
 * the group and a seed. For each message it says what it did.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { integer, seededRandom } from '#support/random';
import { applyOnce } from '../../exactly-once/exactly-once.ts';
import type { ReceivedMessage } from '../conformance/clients.ts';
import { NodeClients } from '../conformance/node-clients.ts';
import { connect } from './databases.ts';
import type { DatabaseName } from './databases.ts';

const [name = '', address = '', endpoints = '', topic = '', group = '', seed = ''] =
  process.argv.slice(2);
const BATCH = 16;
/** The shortest that is allowed, so that what a killed one held comes again soon. */
const INVISIBLE_MS = 10_000;
const AWAIT_MS = 5_000;
/** Between any two steps, so that a kill hits each of them. */
const PAUSE_MS_MAX = 4;

const random = seededRandom(Number(seed));
const pause = (): Promise<void> => sleep(integer(random, PAUSE_MS_MAX));
const { database, within } = await connect(name as DatabaseName, address);
const consumer = await new NodeClients(endpoints).simpleConsumer({ group, topic }, AWAIT_MS);

async function consume(message: ReceivedMessage): Promise<void> {
  const { messageId } = message;
  const outcome = await applyOnce(database, { group, topic, messageId }, async (transaction) => {
    const execute = within(transaction);
    await pause();
    await execute('INSERT INTO ledger (message, amount) VALUES (?, ?)', messageId, 0);
    await pause();
    const amount = Number(message.body.toString());
    await execute('UPDATE ledger SET amount = amount + ? WHERE message = ?', amount, messageId);
    await pause();
  });
  console.log(outcome);
  await pause();
  await consumer.ack(message);
}

console.log('ready');
for (;;) {
  const messages = await consumer.receive(BATCH, INVISIBLE_MS);
  for (const { status } of await Promise.allSettled(messages.map(consume))) {
    if (status === 'rejected') console.log('failed'); // it comes again
  }
}
