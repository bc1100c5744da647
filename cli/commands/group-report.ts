/** Consumer groups as the command line prints them. */
import { durationText, timeText, type Report } from '#cli/output';
import { facts, table } from '#cli/table';
import type { AdminClient } from '#proto/admin-client';
import type { Group, GroupDetails, GroupQueue, GroupSummary, GroupTopic } from '#proto/admin-types';

export async function allGroups(client: AdminClient): Promise<readonly GroupSummary[]> {
  const groups: GroupSummary[] = [];
  let pageToken = '';
  do {
    const page = await client.call('ListGroups', { pageToken });
    groups.push(...page.groups);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return groups;
}

export function groupData(group: Group): object {
  const { name, ordered, maxAttempts, backoffMs, pullAllowed, broadcast, createdMs } = group;
  return { name, ordered, maxAttempts, backoffMs, pullAllowed, broadcast, createdMs };
}

export function listReport(groups: readonly GroupSummary[]): Report {
  const known = groups.map(({ group, lag, members }) => ({ group: present(group), lag, members }));
  const text = (): string => {
    if (known.length === 0) return 'no groups yet; `sluice group create NAME` makes one\n';
    const rows = known.map(({ group, lag, members }) => [
      group.name,
      yesOrNo(group.ordered),
      yesOrNo(group.broadcast),
      group.broadcast ? '-' : group.maxAttempts,
      members,
      lag,
    ]);
    return table(['NAME', 'ORDERED', 'BROADCAST', 'RETRIES', 'MEMBERS', 'LAG'], rows);
  };
  const data = known.map(({ group, lag, members }) => ({ ...groupData(group), lag, members }));
  return { data, text };
}

export function describeReport(details: GroupDetails): Report {
  const group = present(details.group);
  const { topics, members, readers } = details;
  if (group.broadcast) return broadcastReport(group, details);
  const lag = lagIn(topics);
  const head = (): string =>
    facts([
      ['Group', group.name],
      ['Ordered', yesOrNo(group.ordered)],
      ['Retries', group.maxAttempts],
      ['Backoff', group.backoffMs.map(waitText).join(', ')],
      ['Pull', yesOrNo(group.pullAllowed)],
      ['Created', timeText(group.createdMs)],
      ['Members', members.length],
      ['Lag', lag],
    ]);
  return {
    data: { ...groupData(group), lag, topics, members, readers },
    text: () => [head(), queueTable(details), memberTable(details)].filter(Boolean).join('\n'),
  };
}

/** How far each member is: nothing is shared, neither messages nor progress. */
function broadcastReport(group: Group, details: GroupDetails): Report {
  const { topics, members, readers } = details;
  const lag = Math.max(0, ...readers.map((reader) => lagIn(reader.topics)));
  const head = (): string =>
    facts([
      ['Group', group.name],
      ['Broadcast', 'yes'],
      ['Created', timeText(group.createdMs)],
      ['Members', members.length],
      ['Furthest behind', lag],
    ]);
  return {
    data: { ...groupData(group), lag, topics, members, readers },
    text: () => [head(), readerTable(details), memberTable(details)].filter(Boolean).join('\n'),
  };
}

function readerTable({ readers }: GroupDetails): string {
  const rows = readers.flatMap(({ clientId, seenMs, topics }) =>
    topics.map(({ topic, queues }) => {
      const lag = queues.reduce((sum, queue) => sum + queue.lag, 0);
      return [clientId, topic, queues.length, lag, timeText(seenMs)];
    }),
  );
  if (rows.length === 0) return 'No member keeps its positions here.\n';
  return table(['KEEPS ITS POSITIONS', 'TOPIC', 'QUEUES', 'LAG', 'LAST SEEN'], rows);
}

function lagIn(topics: readonly GroupTopic[]): number {
  return topics.flatMap(({ queues }) => queues).reduce((sum, queue) => sum + queue.lag, 0);
}

function queueTable({ topics }: GroupDetails): string {
  const rows = topics.flatMap(({ topic, queues }) =>
    queues.map((queue) => [topic, ...queueCells(queue)]),
  );
  if (rows.length === 0) return 'It has not consumed any topic yet.\n';
  const headings = ['TOPIC', 'QUEUE', 'PROGRESS', 'NEXT', 'LAG', 'IN FLIGHT', 'TO RETRY'];
  return table(headings, rows);
}

function queueCells(state: GroupQueue): readonly number[] {
  const { queue, progress, maxOffset, lag, inFlight, waitingRetry } = state;
  return [queue, progress, maxOffset, lag, inFlight, waitingRetry];
}

function memberTable({ members }: GroupDetails): string {
  if (members.length === 0) return '';
  const rows = members.map(({ clientId, kind, address, language, version, connectedMs }) => [
    clientId,
    kind,
    address,
    `${language} ${version}`.trim(),
    timeText(connectedMs),
  ]);
  return table(['MEMBER', 'KIND', 'ADDRESS', 'CLIENT', 'CONNECTED SINCE'], rows);
}

/** To the millisecond, where that matters. */
function waitText(ms: number): string {
  return ms % 1000 === 0 ? durationText(ms) : `${ms} ms`;
}

function yesOrNo(is: boolean): string {
  return is ? 'yes' : 'no';
}

function present(group: Group | null): Group {
  if (group === null) throw new TypeError('the answer has no group');
  return group;
}
