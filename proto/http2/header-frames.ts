/** Header blocks from HEADERS and their CONTINUATION frames. RFC 9113 6.2, 6.10 */
import { HTTP2 } from '#lib/transport-limits';
import { ConnectionError, wrongStream } from '#proto/http2/errors';
import type { FloodGuard } from '#proto/http2/flood-guard';
import { blockPart, type Span } from '#proto/http2/payload';
import { ERROR, FLAG, FRAME } from '#proto/http2/protocol';

export interface BlockSink {
  readonly guard: FloodGuard;
  /** A whole block; `isLast` says that the request ends with it. */
  onBlock(streamId: number, isLast: boolean, bytes: Buffer, start: number, end: number): void;
}

export class HeaderFrames {
  readonly #sink: BlockSink;
  #partial: PartialBlock | undefined;

  constructor(sink: BlockSink) {
    this.#sink = sink;
  }

  /** A block has begun and not ended. */
  get isPartial(): boolean {
    return this.#partial !== undefined;
  }

  /** @throws ConnectionError for a frame that comes between those of a block */
  admit(type: number, streamId: number): void {
    const partial = this.#partial;
    if (!partial || (type === FRAME.continuation && streamId === partial.streamId)) return;
    throw new ConnectionError(ERROR.protocol, 'a frame in the middle of a header block');
  }

  /** @throws ConnectionError */
  onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw wrongStream('HEADERS');
    const isPlain = (flags & (FLAG.padded | FLAG.priority)) === 0;
    const part = isPlain ? undefined : blockPart(streamId, flags, bytes, start, end);
    const from = part?.start ?? start;
    const to = part?.end ?? end;
    const isLast = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) {
      this.#sink.onBlock(streamId, isLast, bytes, from, to);
      return;
    }
    this.#partial = new PartialBlock(streamId, isLast);
    this.#partial.add({ bytes, start: from, end: to });
  }

  /** @throws ConnectionError */
  onContinuation(flags: number, streamId: number, part: Span): void {
    const block = this.#partial;
    if (!block) throw new ConnectionError(ERROR.protocol, 'CONTINUATION without HEADERS');
    if (part.start === part.end) this.#sink.guard.spend(1);
    block.add(part);
    if ((flags & FLAG.endHeaders) === 0) return;
    this.#partial = undefined;
    const whole = block.whole();
    this.#sink.onBlock(streamId, block.isLast, whole, 0, whole.length);
  }
}

/** A block whose end has not come. */
class PartialBlock {
  readonly streamId: number;
  /** END_STREAM of the HEADERS frame. */
  readonly isLast: boolean;
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  constructor(streamId: number, isLast: boolean) {
    this.streamId = streamId;
    this.isLast = isLast;
  }

  /** @throws ConnectionError when it gets too long */
  add({ bytes, start, end }: Span): void {
    this.#parts.push(Buffer.from(bytes.subarray(start, end)));
    this.#bytes += end - start;
    if (
      this.#parts.length <= HTTP2.headerBlockFramesMax &&
      this.#bytes <= HTTP2.headerBlockBytesMax
    )
      return;
    throw new ConnectionError(ERROR.enhanceYourCalm, 'a header block without an end');
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts, this.#bytes);
  }
}
