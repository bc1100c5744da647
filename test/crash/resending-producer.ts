/**
 * A process with the public Node client: sends each line of its stdin, and says when it is stored.
 * It takes `host:port` and the topic.
 */
import { createInterface } from 'node:readline';

import { NodeClients } from '../conformance/node-clients.ts';

const [endpoints = '', topic = ''] = process.argv.slice(2);

process.on('uncaughtException', (error) => {
  // The Telemetry stream of this client has no listener for a while after its connection broke.
  if ((error as { code?: unknown }).code === 14) return;
  console.error(error);
  process.exit(1);
});

const clients = new NodeClients(endpoints);
const producer = await clients.producer([topic]);
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  await producer.send({ topic, body: Buffer.from(line) });
  console.log(line);
}
await clients.close();
