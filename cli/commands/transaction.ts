/** `sluice transaction …` */
import { Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { timeText, type Report } from '#cli/output';
import { table } from '#cli/table';
import type { AdminClient } from '#proto/admin-client';
import { TransactionState, type Transaction } from '#proto/admin-types';

/** As typed and printed, to what is sent. */
const STATES = {
  open: TransactionState.OPEN,
  committed: TransactionState.COMMITTED,
  'rolled-back': TransactionState.ROLLED_BACK,
  'given-up': TransactionState.GIVEN_UP,
} as const;

interface ListOptions {
  readonly state: keyof typeof STATES;
  readonly topic: string;
}

export function addTransactionCommands(program: Command): void {
  const transaction = program.command('transaction').description('Show transactions');
  transaction
    .command('list')
    .description('Transactions by their state, the oldest first')
    .addOption(
      new Option('--state <state>', 'given-up: rolled back, since no producer said how it ended')
        .choices(Object.keys(STATES))
        .default('open'),
    )
    .addOption(new Option('--topic <name>', 'Of this topic only').default('', 'all topics'))
    .action((options: ListOptions, command: Command) =>
      runAdmin(command, async (client) => listReport(await all(client, options), options)),
    );
}

async function all(client: AdminClient, options: ListOptions): Promise<readonly Transaction[]> {
  const what = { state: STATES[options.state], topic: options.topic };
  const transactions: Transaction[] = [];
  let pageToken = '';
  do {
    const page = await client.call('ListTransactions', { ...what, pageToken });
    transactions.push(...page.transactions);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return transactions;
}

function listReport(transactions: readonly Transaction[], { state }: ListOptions): Report {
  const text = (): string => {
    if (transactions.length === 0) return `no transactions that are ${state}\n`;
    const isOpen = state === 'open';
    const headings = ['TRANSACTION', 'TOPIC', 'MESSAGE', 'BEGUN', 'CHECKS'];
    const rows = transactions.map((each) => [
      each.transactionId,
      each.topic,
      each.messageId,
      timeText(each.begunMs),
      each.checks,
      timeText(isOpen ? each.nextCheckMs : each.endedMs),
    ]);
    return table([...headings, isOpen ? 'NEXT CHECK' : 'ENDED'], rows);
  };
  return { data: transactions.map((each) => ({ ...each, state })), text };
}
