/** The life of a message as the command line draws it. */
import { durationText, type Report } from '#cli/output';
import { facts, printable, textWidth, type Cell } from '#cli/table';
import type {
  ClientTraceEvent,
  GroupTrace,
  MessageTrace,
  TraceClient,
  TraceEvent,
} from '#proto/admin-types';

/** Columns of the bar that stands for all of the time. */
const BAR_COLUMNS = 24;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

export function traceReport(trace: MessageTrace): Report {
  return { data: dataOf(trace), text: () => textOf(trace) };
}

function dataOf(trace: MessageTrace): object {
  const { messageId, place, tag, keys, originTopic, originMessageId, broker } = trace;
  const { groups, others, truncated } = trace;
  const head = { messageId, place, tag, keys, originTopic, originMessageId, broker };
  const events = trace.events.map((event) => {
    const { kind, atMs, group, attempt, untilMs, tookMs, times, by, copy } = event;
    const said = { by: by ?? undefined, copy: copy ?? undefined };
    return { kind, atMs, group, attempt, untilMs, tookMs, times, ...said };
  });
  const ends = groups.map(({ group, outcome, attempts, tookMs }) => {
    return { group, outcome, attempts, tookMs };
  });
  const said = trace.clientEvents.map(({ kind, atMs, group, tookMs, succeeded, address }) => {
    return { kind, atMs, group, tookMs, succeeded, address };
  });
  return { ...head, events, groups: ends, clientEvents: said, others, truncated };
}

function textOf(trace: MessageTrace): string {
  const { events, groups, others, truncated, clientEvents } = trace;
  const parts = [headText(trace)];
  const axis = axisOf(events);
  for (const group of groups) {
    parts.push(
      groupText(
        group,
        events.filter((event) => event.group === group.group),
        axis,
      ),
    );
  }
  if (groups.length === 0) parts.push('no group consumes this topic\n');
  if (clientEvents.length > 0) parts.push(clientsText(clientEvents, axis));
  if (truncated) parts.push('There is more of it: what came last is left out.\n');
  for (const { topic, queue, offset } of others) {
    parts.push(`The same id again: --topic ${topic} --queue ${queue} --offset ${offset}\n`);
  }
  return parts.join('\n');
}

function headText(trace: MessageTrace): string {
  const { messageId, place, tag, keys, broker, originTopic, originMessageId, events } = trace;
  const sent = events.find(({ kind }) => kind === 'sent');
  const stored = events.find(({ kind }) => kind === 'stored');
  const held = events.find(({ kind }) => kind === 'scheduled' || kind === 'prepared');
  const origin = originTopic === undefined ? undefined : `${originTopic} ${originMessageId ?? ''}`;
  const optional: readonly (readonly [string, Cell])[] = [
    ['Tag', tag],
    ['Keys', keys.join(' ')],
    ['Copy of', origin],
  ];
  return facts([
    ['Message', messageId],
    ['Topic', place?.topic],
    ['Queue, offset', `${place?.queue}, ${place?.offset}`],
    ...optional.filter(([, value]) => value !== undefined && value !== ''),
    ['Sent', sent && `${momentText(sent.atMs)} by ${clientText(sent.by)}`],
    ...(held ? [heldFact(held)] : []),
    ['Stored', stored && `${momentText(stored.atMs)} on ${broker}, ${delayText(stored.tookMs)}`],
  ]);
}

/** What was put away first. */
function heldFact({ kind, atMs, untilMs }: TraceEvent): readonly [string, Cell] {
  if (kind === 'prepared') return ['Prepared', momentText(atMs)];
  return ['Scheduled', `${momentText(atMs)} for ${momentText(untilMs ?? atMs)}`];
}

/** To the millisecond, which here matters. */
function momentText(ms: number): string {
  return new Date(ms).toISOString();
}

/** Clocks of different machines: it may seem to be stored before it is sent. */
function delayText(tookMs = 0): string {
  return tookMs < 0 ? 'by a clock that is behind' : `${spanText(tookMs)} later`;
}

interface Axis {
  readonly startMs: number;
  readonly endMs: number;
}

/** From when it was stored to the last thing known of it. */
function axisOf(events: readonly TraceEvent[]): Axis {
  const startMs = events.find(({ kind }) => kind === 'stored')?.atMs ?? 0;
  return { startMs, endMs: Math.max(startMs, ...events.map(({ atMs }) => atMs)) };
}

interface Line {
  readonly at: string;
  readonly bar: string;
  readonly attempt: string;
  readonly text: string;
}

function groupText(group: GroupTrace, events: readonly TraceEvent[], axis: Axis): string {
  const title = `${printable(group.group)}: ${outcomeText(group)}\n`;
  const lines: Line[] = [];
  let holder: TraceClient | null = null;
  for (const [index, event] of events.entries()) {
    // Who has it is said once; after that only if it was somebody else.
    const isSaid = event.kind !== 'handed-out' && event.by?.clientId === holder?.clientId;
    if (event.kind === 'handed-out') holder = event.by;
    const shown = isSaid ? { ...event, by: null } : event;
    lines.push(lineOf(shown, events.slice(index + 1), axis));
  }
  const atWidth = Math.max(0, ...lines.map(({ at }) => textWidth(at)));
  const attemptWidth = Math.max(0, ...lines.map(({ attempt }) => attempt.length));
  const rows = lines.map(({ at, bar, attempt, text }) =>
    `  ${at.padStart(atWidth)}  ${bar}  ${attempt.padStart(attemptWidth)}  ${text}`.trimEnd(),
  );
  return title + rows.map((row) => `${row}\n`).join('');
}

const OUTCOMES: Readonly<Record<string, string>> = {
  consumed: 'consumed',
  'in-progress': 'in progress',
  'waiting-for-retry': 'waiting for a retry',
  'dead-lettered': 'dead-lettered',
  'not-yet': 'not delivered yet',
  'passed-over': 'not for this group',
};

function outcomeText({ outcome, attempts, tookMs }: GroupTrace): string {
  const after = tookMs === undefined ? '' : ` after ${spanText(tookMs)}`;
  const deliveries = attempts === 0 ? '' : `, ${attempts} deliver${attempts === 1 ? 'y' : 'ies'}`;
  return (OUTCOMES[outcome] ?? printable(outcome)) + after + deliveries;
}

function lineOf(event: TraceEvent, later: readonly TraceEvent[], axis: Axis): Line {
  const { kind, atMs, attempt } = event;
  const isDelivery = kind === 'handed-out';
  return {
    at: spanText(atMs - axis.startMs),
    bar: isDelivery ? barText(atMs, endOf(event, later, axis), axis) : barText(atMs, atMs, axis),
    attempt: isDelivery && attempt !== undefined ? `#${attempt}` : '',
    text: eventText(event, axis),
  };
}

const ENDS: ReadonlySet<string> = new Set([
  'handed-out',
  'postponed',
  'given-back',
  'released',
  'timed-out',
  'acknowledged',
  'dead-lettered',
]);

function endOf({ untilMs }: TraceEvent, later: readonly TraceEvent[], { endMs }: Axis): number {
  const end = later.find(({ kind }) => ENDS.has(kind));
  return end?.atMs ?? Math.min(untilMs ?? endMs, endMs);
}

/** A moment is a dot; a time in which somebody had the message is a bar. */
function barText(fromMs: number, toMs: number, { startMs, endMs }: Axis): string {
  const perColumn = Math.max(1, endMs - startMs) / (BAR_COLUMNS - 1);
  const columnOf = (ms: number): number =>
    Math.min(BAR_COLUMNS - 1, Math.max(0, Math.round((ms - startMs) / perColumn)));
  const from = columnOf(fromMs);
  const length = Math.max(1, columnOf(toMs) - from);
  const mark = toMs > fromMs ? '━'.repeat(length) : '·';
  return (' '.repeat(from) + mark).padEnd(BAR_COLUMNS);
}

function eventText(event: TraceEvent, axis: Axis): string {
  const { kind, atMs, untilMs, tookMs, times, by, copy } = event;
  const until = untilMs === undefined ? '' : ` until ${spanText(untilMs - axis.startMs)}`;
  const after = tookMs === undefined ? '' : ` after ${spanText(tookMs)}`;
  const who = by === null ? '' : ` by ${clientText(by)}`;
  switch (kind) {
    case 'handed-out': {
      const hidden = untilMs === undefined ? '' : `, hidden for ${spanText(untilMs - atMs)}`;
      return `handed out to ${clientText(by)}${hidden}`;
    }
    case 'renewed':
      return `kept for it${until}${times > 1 ? `, renewed ${times} times` : ''}`;
    case 'extended':
      return `more time${until}${who}`;
    case 'postponed':
      return `put off${until}${after}${who}`;
    case 'given-back':
      return 'not delivered after all: its consumer was gone';
    case 'released':
      return 'free again: its consumer was gone';
    case 'timed-out':
      return 'timed out';
    case 'acknowledged':
      return `acknowledged${after}${who}`;
    case 'dead-lettered': {
      const where = copy && ` to ${printable(copy.topic)}, offset ${copy.offset}`;
      return `dead-lettered${where ?? ''}${who}`;
    }
    case 'committed':
      return `passed by an offset commit${who}`;
    case 'reset':
      return 'the group was set to another offset';
    default:
      return printable(kind) + who;
  }
}

const CLIENT_KINDS: Readonly<Record<string, string>> = {
  sent: 'sent it',
  began: 'began to work on it',
  ended: 'ended its work on it',
};

/** By their own clocks, so that no bar would be right. */
function clientsText(events: readonly ClientTraceEvent[], { startMs }: Axis): string {
  const ats = events.map(({ atMs }) => (atMs === undefined ? '?' : spanText(atMs - startMs)));
  const width = Math.max(...ats.map((at) => at.length));
  const rows = events.map(({ kind, group, tookMs, succeeded, address }, index) => {
    const who = [group, address].filter(Boolean).map(printable).join(', ') || 'somebody';
    const took = tookMs === undefined ? '' : `, took ${spanText(tookMs)}`;
    const failed = succeeded === false ? ', and failed' : '';
    const what = CLIENT_KINDS[kind] ?? printable(kind);
    return `  ${(ats[index] ?? '').padStart(width)}  ${who} ${what}${took}${failed}\n`;
  });
  return `what clients say, by their own clocks:\n${rows.join('')}`;
}

function clientText(client: TraceClient | null): string {
  if (client === null) return 'somebody';
  const { clientId, address, language } = client;
  if (clientId === '') return printable(address);
  return printable(`${clientId} (${[address, language].filter(Boolean).join(', ')})`);
}

/** `12 ms`, `1.5 s`, `2 min 5 s`, `3 h 20 min` */
function spanText(ms: number): string {
  if (ms < 0) return `-${spanText(-ms)}`;
  if (ms < SECOND_MS) return `${ms} ms`;
  if (ms < MINUTE_MS) return `${Number((ms / SECOND_MS).toFixed(3))} s`;
  return durationText(ms);
}
