/**
 * What happens to the log when a broker starts: every record behind the last applied position is
 * verified and handed on; a torn tail is cut off; anything else that is wrong is damage (P6).
 */
import { DamageError } from '#broker/store/damage';
import { HEAD_BYTES, isIntact, peekHead } from '#broker/store/record';
import type { LogRecord } from '#broker/store/record';
import type { Segment, Segments } from '#broker/store/segments';

const CHUNK_BYTES = 4 * 1024 * 1024;

/** A window over the bytes of one segment that moves forward. */
class Window {
  readonly #segment: Segment;
  readonly #size: number;
  #from = 0;
  bytes: Buffer = Buffer.alloc(0);

  constructor(segment: Segment, size: number) {
    this.#segment = segment;
    this.#size = size;
  }

  /**
   * Makes `length` bytes from `at` available, or fewer at the end; returns where `at` is in
   * `bytes`.
   */
  async need(at: number, length: number): Promise<number> {
    const have = at >= this.#from && at + length <= this.#from + this.bytes.length;
    if (!have && at < this.#size) {
      const bytes = Buffer.allocUnsafeSlow(
        Math.min(Math.max(CHUNK_BYTES, length), this.#size - at),
      );
      this.bytes = bytes.subarray(0, await this.#segment.file.read(bytes, at));
      this.#from = at;
    }
    return at - this.#from;
  }
}

/**
 * The records of one segment from `from` on, verified, until the end or the first that is not
 * intact. Returns the position where it stopped.
 */
export async function* readSegment(
  segment: Segment,
  size: number,
  from: number,
): AsyncGenerator<LogRecord & { batchOffset: number }, number> {
  const window = new Window(segment, size);
  let at = from - segment.base;
  while (at + HEAD_BYTES <= size) {
    let index = await window.need(at, HEAD_BYTES);
    const head = peekHead(window.bytes, index);
    if (!head || at + head.length > size) break;
    index = await window.need(at, head.length);
    const position = segment.base + at;
    if (!isIntact(window.bytes, index, head.length, position)) break;
    const payload = window.bytes.subarray(index + HEAD_BYTES, index + head.length);
    at += head.length;
    const { type, timestampMs, batchOffset } = head;
    yield { position, type, timestampMs, payload, end: segment.base + at, batchOffset };
  }
  return segment.base + at;
}

/** The start of the group commit of some intact record behind `position`, if there is one. */
async function laterBatch(segment: Segment, size: number, position: number) {
  const start = position - segment.base;
  const bytes = Buffer.allocUnsafeSlow(size - start);
  const rest = bytes.subarray(0, await segment.file.read(bytes, start));
  for (let at = 1; at + HEAD_BYTES <= rest.length; at++) {
    const head = peekHead(rest, at);
    if (!head || !isIntact(rest, at, head.length, position + at)) continue;
    if (head.batchOffset < at) return position + at - head.batchOffset;
    at += head.length - 1;
  }
  return undefined;
}

export interface Recovered {
  /** Where the log ends now. */
  end: number;
  /** Bytes of an unfinished write that were cut off; nobody was promised them. */
  tornBytes: number;
  records: number;
}

/**
 * Replays the log from `from` and leaves it ending behind its last intact record.
 * @throws DamageError when something behind `from` that was committed is not intact
 */
export async function recover(
  segments: Segments,
  from: number,
  apply: (record: LogRecord) => void,
): Promise<Recovered> {
  let position = from;
  let records = 0;
  for (const segment of segments.all) {
    const segmentEnd = segments.endOf(segment);
    if (segmentEnd !== undefined && segmentEnd <= from) continue;
    const size = await segment.file.size();
    const replay = readSegment(segment, size, Math.max(position, segment.base));
    let step = await replay.next();
    for (; !step.done; step = await replay.next()) {
      records++;
      apply(step.value);
    }
    position = step.value;
    if (position === segment.base + size) continue;
    await assertTorn(segments, segment, size, position);
    await segment.file.truncate(position - segment.base);
    await segment.file.sync();
    return { end: position, tornBytes: segment.base + size - position, records };
  }
  // What a killed process had written but not synced is intact here; it may be served once it is
  // safe.
  await segments.last?.file.sync();
  return { end: position, tornBytes: 0, records };
}

/** Only the last group commit of the last segment may be unfinished. */
async function assertTorn(
  segments: Segments,
  segment: Segment,
  size: number,
  position: number,
): Promise<void> {
  const where = { file: segment.path, position };
  if (segment !== segments.last) {
    throw new DamageError('a record in the middle of the log is damaged', where);
  }
  const later = await laterBatch(segment, size, position);
  if (later !== undefined) {
    throw new DamageError(`a record is damaged, and records written after it are intact`, where);
  }
}
