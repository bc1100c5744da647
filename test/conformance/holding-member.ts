/**
 * A program: a push consumer that never finishes a message, to be killed while it holds some.
 * `node holding-member.ts ENDPOINTS TOPIC GROUP`; prints the id of each message that it got.
 */
import { PushConsumer } from 'rocketmq-client-nodejs';

const [endpoints = '', topic = '', consumerGroup = ''] = process.argv.slice(2);
const silent = { info() {}, warn() {}, error() {}, debug() {}, close() {} };
const consumer = new PushConsumer({
  endpoints,
  namespace: '',
  consumerGroup,
  logger: silent,
  subscriptions: new Map([[topic, '*']]),
  messageListener: {
    consume(message) {
      process.stdout.write(`${message.messageId}\n`);
      return new Promise(() => undefined);
    },
  },
});
await consumer.startup();
