/** `sluice broker status` */
import type { Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { bytesText, durationText, timeText, type Report } from '#cli/output';
import { facts } from '#cli/table';
import type { BrokerStatusResponse, QuotaStatus } from '#proto/admin-types';

export function addBrokerStatus(broker: Command): void {
  broker
    .command('status')
    .description('How the broker is: its log, disk, memory, connections and rates')
    .action((_options: object, command: Command) =>
      runAdmin(command, async (client) => statusReport(await client.call('BrokerStatus', {}))),
    );
}

function statusReport(status: BrokerStatusResponse): Report {
  const data = { ...unmarked(status), quota: status.quota && unmarked(status.quota) };
  return { data, text: () => statusText(status) };
}

/** The decoder marks each optional field that is set with a field `_name`. */
function unmarked(message: object): object {
  const entries = Object.entries(message).filter(([name]) => !name.startsWith('_'));
  return Object.fromEntries<unknown>(entries);
}

function statusText(status: BrokerStatusResponse): string {
  const { log, disk, rates, quota } = status;
  return facts([
    ['Broker', status.identity],
    ['Version', status.version],
    ['Running', `${durationText(status.uptimeMs)}, since ${timeText(status.startedMs)}`],
    ['Durability', status.durability],
    ['Edition', status.edition],
    ['Settings', status.fleetRevision],
    ['Writes', writesText(status)],
    ['Quota', quota ? quotaText(quota) : undefined],
    ['Topics', status.topics],
    ['Groups', status.groups],
    ['Dead letters', status.deadLetters],
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

function writesText({ readOnlyReason, readOnly }: BrokerStatusResponse): string {
  if (readOnlyReason !== undefined) return `turned away: ${readOnlyReason}`;
  return readOnly ? 'turned away: the broker is read only, it is drained' : 'accepted';
}

function quotaText({ limitPerSecond, passedPerSecond, throttledPerSecond }: QuotaStatus): string {
  const limit =
    limitPerSecond === undefined ? 'unlimited' : `${Math.round(limitPerSecond)} messages/s`;
  const passed = `${Math.round(passedPerSecond)}/s passed`;
  return `${limit}; ${passed}, ${Math.round(throttledPerSecond)}/s throttled`;
}

function rateText(messages: number, bytes: number): string {
  return `${Math.round(messages)} messages/s, ${bytesText(Math.round(bytes))}/s`;
}
