/** What the segments begin with: when, and whether with a copy of all small state. */
import { DamageError } from '#broker/store/damage';
import { RECORD_TYPE } from '#broker/store/record';
import type { LogRecord } from '#broker/store/record';
import { readSegment } from '#broker/store/recovery';
import type { Segment, Segments } from '#broker/store/segments';

async function endOf(segments: Segments, segment: Segment): Promise<number> {
  return segments.endOf(segment) ?? segment.base + (await segment.file.size());
}

/** Looks at the first record of each segment; only the last is looked through to the copy's end. */
export async function inspectHeads(segments: Segments): Promise<void> {
  for (const segment of segments.all) {
    const end = await endOf(segments, segment);
    const first = await readSegment(segment, end - segment.base, segment.base).next();
    if (first.done) continue;
    segment.firstTimestampMs = first.value.timestampMs;
    segment.carries = first.value.type === RECORD_TYPE.carryBegin;
  }
  const { last } = segments;
  if (last) last.carries = (await readCarried(segments, last)) !== undefined;
}

/**
 * The copy of the state that a segment begins with; undefined when there is none, or not all of it.
 */
export async function readCarried(
  segments: Segments,
  segment: Segment,
): Promise<LogRecord[] | undefined> {
  const records: LogRecord[] = [];
  const end = await endOf(segments, segment);
  for await (const record of readSegment(segment, end - segment.base, segment.base)) {
    if (records.length === 0 && record.type !== RECORD_TYPE.carryBegin) return undefined;
    if (record.type === RECORD_TYPE.carryEnd) return records;
    records.push(record);
  }
  return undefined;
}

/**
 * The copy of the state that the log begins with; none where nothing was ever let go.
 * @throws DamageError when it is damaged: nobody could say where each queue begins
 */
export async function readBeginning(segments: Segments): Promise<LogRecord[]> {
  const first = segments.first as Segment;
  const carried = await readCarried(segments, first);
  if (carried) return carried;
  if (first.base === 0) return [];
  throw new DamageError('the copy of the state that the log begins with is damaged', {
    file: first.path,
    position: first.base,
  });
}

/**
 * Only what is before `logStart` was let go by retention.
 * @throws DamageError when a file is missing at the beginning
 */
export function assertBegins({ path: file, base }: Segment, logStart: number): void {
  if (base <= logStart) return;
  throw new DamageError(`the log begins at ${base}, but nothing from ${logStart} on was let go`, {
    file,
    position: base,
  });
}

/**
 * What is in the index was stored: a log that ends before that has lost something (P6).
 * @throws DamageError
 */
export async function assertReaches({ last }: Segments, position: number): Promise<void> {
  const { base, path: file, file: handle } = last as Segment;
  const end = base + (await handle.size());
  if (end >= position) return;
  throw new DamageError(`the log ends at ${end}, but it was stored up to ${position}`, {
    file,
    position: end,
  });
}
