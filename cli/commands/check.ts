/** `sluice check` */
import { Argument, Option, type Command } from 'commander';
import { wholeNumber, realNumber } from '#cli/arguments';
import { brokerLines, checkData, routeLines, summaryLine, troublesOf } from '#cli/check/report';
import { runCheck, type CheckObserver, type CheckRequest } from '#cli/check/run';
import { EXIT, failureText } from '#cli/failure';
import { showOutputOptionOnly } from '#cli/output-option';
import { render, type Output } from '#cli/output';
import { parseHostPort } from '#lib/host-port';
import { CHECK } from '#lib/limits';

interface CheckOptions {
  readonly topic: string;
  readonly group: string;
  readonly count: number;
  readonly timeout: number;
  readonly tls: boolean;
  readonly output: Output;
}

const SECOND_MS = 1000;
const TIMEOUT_MAX = CHECK.timeoutMaxMs / SECOND_MS;
const GROUP_DEFAULT = 'sluice-check';

const HELP_AFTER = `
It asks ENDPOINT for the route of the topic and goes to every broker that the route names, by the
address that the route names, as client libraries do: each broker gets a message and gives it back.
So run it where your clients run. Consumers of the topic see these messages, with the tag
sluice-check; a topic and a group for checks alone disturb nobody.

Examples:
  sluice check 127.0.0.1:8081 --topic orders
  sluice check orders-mq.shop.svc:8081 --topic checks --group checks --timeout 60
  sluice check 192.0.2.17:30081 --topic checks --tls -o json
`;

export function defineCheck(command: Command): void {
  showOutputOptionOnly(command);
  command
    .addArgument(new Argument('<endpoint>', 'HOST:PORT that clients are configured with'))
    .requiredOption('--topic <name>', 'A topic of kind normal')
    .option('--group <name>', 'A consumer group that only checks use', GROUP_DEFAULT)
    .addOption(
      new Option('--count <n>', 'Messages to each broker')
        .argParser(wholeNumber(1, CHECK.messagesMax))
        .default(1),
    )
    .addOption(
      new Option('--timeout <seconds>', `Time for all of it, 1 to ${TIMEOUT_MAX}`)
        .argParser(realNumber(1, TIMEOUT_MAX))
        .default(CHECK.timeoutDefaultMs / SECOND_MS),
    )
    .option('--tls', 'Speak TLS, and take any certificate, as most client libraries do', false)
    .addHelpText('after', HELP_AFTER)
    .action((endpoint: string, _options: object, self: Command) => check(endpoint, self));
}

async function check(text: string, command: Command): Promise<void> {
  const options = command.optsWithGlobals<CheckOptions>();
  const { topic, group, count, timeout, tls, output } = options;
  const endpoint = parseHostPort(text);
  if (!endpoint || endpoint.port === 0) {
    const what = `"${text}" is no endpoint; allowed: HOST:PORT, e.g. 127.0.0.1:8081`;
    process.stderr.write(failureText(what));
    process.exitCode = EXIT.usage;
    return;
  }
  const timeoutMs = timeout * SECOND_MS;
  const request = { endpoint, topic, group, count, isTls: tls, timeoutMs };
  const result = await runCheck(request, output === 'table' ? printer(request) : SILENT);
  const troubles = troublesOf(result);
  if (output !== 'table') {
    const data = checkData(request, result);
    process.stdout.write(render({ data, text: () => '' }, output));
  } else if (troubles.length === 0) {
    process.stdout.write(summaryLine(result, request));
  }
  for (const { what, next } of troubles) process.stderr.write(failureText(what, next));
  if (troubles.length > 0) process.exitCode = EXIT.failed;
}

const SILENT: CheckObserver = { routed: () => undefined, probed: () => undefined };

function printer({ count }: CheckRequest): CheckObserver {
  return {
    routed: (targets, ms) => process.stdout.write(routeLines(targets, ms)),
    probed: (result) => process.stdout.write(brokerLines(result, count)),
  };
}
