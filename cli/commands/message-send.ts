/** `sluice message send` */
import { Argument, Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { collect, collectProperty, realNumber, timestamp, wholeNumber } from '#cli/arguments';
import { messageBody } from '#cli/message-body';
import type { Report } from '#cli/output';
import { sendMany, type SendTotals } from '#cli/send-many';
import { ADMIN, MESSAGE, PRODUCT } from '#lib/limits';
import type { SendMessageRequestInput } from '#proto/admin-types';

interface SendOptions {
  readonly tag?: string;
  readonly key?: readonly string[];
  readonly property?: Readonly<Record<string, string>>;
  readonly messageGroup?: string;
  readonly delay?: number;
  readonly deliverAt?: number;
  readonly count: number;
  readonly bodySize?: number;
  readonly rate?: number;
}

const SECOND_MS = 1000;
const RATE_MAX = 1_000_000;

export function addSend(message: Command): void {
  const delayMax = PRODUCT.delayMaxMs / SECOND_MS;
  message
    .command('send')
    .description('Send a message, or many of them')
    .addArgument(new Argument('<topic>', 'The topic to send to'))
    .addArgument(new Argument('[body]', "The body: 'some text', @file, or - for standard input"))
    .option('--tag <tag>', 'Its tag, for filters')
    .option('--key <key>', 'A key to find it by; may come several times', collect)
    .option('--property <name=value>', 'A property; may come several times', collectProperty)
    .option('--message-group <name>', 'What it is ordered by, for topics of kind fifo')
    .addOption(
      new Option('--delay <seconds>', 'Deliver so much later, for topics of kind delay').argParser(
        realNumber(0, delayMax),
      ),
    )
    .addOption(
      new Option('--deliver-at <time>', 'Deliver then, for topics of kind delay')
        .argParser(timestamp)
        .conflicts('delay'),
    )
    .addOption(
      new Option('--count <n>', 'How many of it')
        .argParser(wholeNumber(1, ADMIN.sendCountMax))
        .default(1),
    )
    .addOption(
      new Option('--body-size <bytes>', 'Make up a body of this size').argParser(
        wholeNumber(1, MESSAGE.bodyBytesMax),
      ),
    )
    .addOption(
      new Option('--rate <n>', 'With --count: messages per second at most').argParser(
        realNumber(0.001, RATE_MAX),
      ),
    )
    .addHelpText(
      'after',
      "\nExamples:\n  sluice message send orders 'Hello' --tag created --key order-17\n" +
        '  sluice message send orders @order.json --property source=shop\n' +
        '  sluice message send payments Paid --message-group order-17\n' +
        '  sluice message send reminders Call --deliver-at 2026-01-31T18:00:00Z\n' +
        '  sluice message send orders --count 10000 --body-size 1024 --rate 500\n',
    )
    .action((topic: string, body: string | undefined, options: SendOptions, command: Command) =>
      runAdmin(command, async (client) => {
        const request = await requestOf(topic, body, options);
        const { count, rate } = options;
        return report(topic, await sendMany(client, { request, count, rate }));
      }),
    );
}

async function requestOf(
  topic: string,
  body: string | undefined,
  options: SendOptions,
): Promise<SendMessageRequestInput> {
  const { tag, key, property, messageGroup, delay, deliverAt, bodySize } = options;
  return {
    topic,
    tag,
    keys: key,
    properties: property,
    messageGroup,
    deliverAtMs: delay === undefined ? deliverAt : Date.now() + Math.round(delay * SECOND_MS),
    body: await messageBody(body, bodySize),
  };
}

function report(topic: string, { count, seconds, last }: SendTotals): Report {
  const { messageId, queue, offset, recallHandle } = last;
  if (count === 1 && recallHandle !== '') {
    return {
      data: { messageId, topic, queue, recallHandle },
      text: () => `sent ${messageId} to ${topic}, for later\nrecall handle: ${recallHandle}\n`,
    };
  }
  if (count === 1) {
    return {
      data: { messageId, topic, queue, offset },
      text: () => `sent ${messageId} to ${topic}, queue ${queue}, offset ${offset}\n`,
    };
  }
  const perSecond = Math.round(count / Math.max(seconds, 0.001));
  const time = seconds.toFixed(1);
  return {
    data: { topic, count, seconds, perSecond, last: { messageId, queue, offset } },
    text: () => `sent ${count} messages to ${topic} in ${time} s, ${perSecond}/s\n`,
  };
}
