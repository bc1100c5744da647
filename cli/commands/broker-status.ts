/** `sluice broker status` */
import type { Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { bytesText, durationText, timeText, type Report } from '#cli/output';
import { facts } from '#cli/table';
import type { BrokerStatusResponse } from '#proto/admin-types';

export function addBrokerStatus(broker: Command): void {
  broker
    .command('status')
    .description('How the broker is: its log, disk, memory, connections and rates')
    .action((_options: object, command: Command) =>
      runAdmin(command, async (client) => statusReport(await client.call('BrokerStatus', {}))),
    );
}

function statusReport(status: BrokerStatusResponse): Report {
  // The decoder marks each optional field that is set with a field `_name`.
  const entries = Object.entries(status).filter(([name]) => !name.startsWith('_'));
  const data = Object.fromEntries<unknown>(entries);
  return { data, text: () => statusText(status) };
}

function statusText(status: BrokerStatusResponse): string {
  const { log, disk, rates } = status;
  return facts([
    ['Broker', status.identity],
    ['Version', status.version],
    ['Running', `${durationText(status.uptimeMs)}, since ${timeText(status.startedMs)}`],
    ['Durability', status.durability],
    ['Writes', writesText(status.readOnlyReason)],
    ['Topics', status.topics],
    ['Groups', status.groups],
    ['Connections', status.connections],
    ['Memory', bytesText(status.memoryBytes)],
    ['Log', log ? `${log.startOffset} to ${log.endOffset}, ${log.segments} segments` : undefined],
    ['Committed', log?.committedOffset],
    ['Applied', log?.appliedOffset],
    ['Disk', disk ? `${bytesText(disk.usedBytes)} used by Sluice` : undefined],
    ['Disk free', disk ? `${bytesText(disk.freeBytes)} of ${bytesText(disk.totalBytes)}` : ''],
    ['In', rates ? rateText(rates.messagesInPerSecond, rates.bytesInPerSecond) : undefined],
    ['Out', rates ? rateText(rates.messagesOutPerSecond, rates.bytesOutPerSecond) : undefined],
  ]);
}

function writesText(readOnlyReason: string | undefined): string {
  return readOnlyReason === undefined ? 'accepted' : `turned away: ${readOnlyReason}`;
}

function rateText(messages: number, bytes: number): string {
  return `${Math.round(messages)} messages/s, ${bytesText(Math.round(bytes))}/s`;
}
