/** The `sluice` command. Exit codes: 0 done, 1 refused or failed, 2 wrong usage. */
import { Command, CommanderError, Option } from 'commander';
import { ADMIN_ADDRESS_DEFAULT } from '#cli/admin-command';
import { addBrokerStatus } from '#cli/commands/broker-status';
import { addDeadLetterCommands } from '#cli/commands/dead-letter';
import { addGroupCommands } from '#cli/commands/group';
import { addMessageCommands } from '#cli/commands/message';
import { addTopicCommands } from '#cli/commands/topic';
import { addTransactionCommands } from '#cli/commands/transaction';
import { EXIT } from '#cli/failure';
import { OUTPUTS } from '#cli/output';
import { VERSION } from '#lib/version';

const HELP_AFTER = `
Examples:
  sluice standalone                          run a broker here, with its data in ./data
  sluice topic create orders --kind fifo     make a topic on it
  sluice message send orders 'Hello'         send to it
  sluice group list -o json                  for scripts
  sluice dead-letter resend billing --all    once the fault is mended
  sluice nameserver                          a fleet: name servers,
  sluice broker start --name-servers ...     and brokers that register at them
  sluice check HOST:8081 --topic orders      why can clients here not connect?
  sluice kube tree orders                    an instance on Kubernetes
  sluice help message send                   all about one command

Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
`;

async function createProgram(): Promise<Command> {
  const program = new Command('sluice')
    .description('Sluice, a message queue for every public RocketMQ client')
    .version(VERSION, '-V, --version', 'Print the version')
    .addOption(
      new Option(
        '--admin <HOST:PORT>',
        `Admin port of the broker (or SLUICE_ADMIN; default: ${ADMIN_ADDRESS_DEFAULT})`,
      ),
    )
    .addOption(
      new Option('--admin-token <token>', 'Its token, if it has one (or SLUICE_ADMIN_TOKEN)'),
    )
    .addOption(
      new Option('-o, --output <form>', 'How to print results').choices(OUTPUTS).default('table'),
    )
    .helpOption('-h, --help', 'Show this help')
    .helpCommand('help [command]', 'Show the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows how it is used)')
    .addHelpText('after', HELP_AFTER)
    .exitOverride();
  await addProcesses(program);
  addTopicCommands(program);
  addGroupCommands(program);
  addMessageCommands(program);
  addTransactionCommands(program);
  addDeadLetterCommands(program);
  await addBroker(program);
  await addDiagnoses(program);
  return program;
}

/** Loading settings costs as much as all other commands together: only for the one meant. */
async function addProcess(
  parent: Command,
  name: string,
  description: string,
  load: () => Promise<(command: Command) => void>,
): Promise<void> {
  const command = parent.command(name).description(description);
  if (!process.argv.includes(name)) return;
  const define = await load();
  define(command);
}

async function addProcesses(program: Command): Promise<void> {
  await addProcess(
    program,
    'standalone',
    'Run a name server and a broker in one process',
    async () => (await import('#cli/commands/standalone')).defineStandalone,
  );
  await addProcess(
    program,
    'nameserver',
    'Run a name server of a fleet',
    async () => (await import('#cli/commands/nameserver')).defineNameServer,
  );
  await addProcess(
    program,
    'operator',
    'Run the operator of a Kubernetes cluster',
    async () => (await import('#cli/commands/operator')).defineOperator,
  );
}

async function addDiagnoses(program: Command): Promise<void> {
  await addProcess(
    program,
    'check',
    'See whether clients here can send and receive, and if not, why',
    async () => (await import('#cli/commands/check')).defineCheck,
  );
  await addProcess(
    program,
    'kube',
    'See instances on Kubernetes',
    async () => (await import('#cli/commands/kube')).defineKube,
  );
}

async function addBroker(program: Command): Promise<void> {
  const broker = program.command('broker').description('Run a broker, or see how one is');
  await addProcess(
    broker,
    'start',
    'Run a broker of a fleet',
    async () => (await import('#cli/commands/broker-start')).defineBrokerStart,
  );
  addBrokerStatus(broker);
}

/** Reads the command line of this process and does what it says. */
export async function runProgram(): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `sluice topic list | head`: the reader has seen enough.
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
  try {
    await (await createProgram()).parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed the help, or what was wrong.
    const wasHelp = error.exitCode === 0;
    process.exitCode = wasHelp ? EXIT.ok : EXIT.usage;
  }
}
