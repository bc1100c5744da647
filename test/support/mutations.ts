/** What becomes of a session that is recorded when its bytes are changed by chance. */
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HEAD_BYTES } from '#proto/http2/protocol';

const FOLDER = fileURLToPath(new URL('../proto/http2/corpus', import.meta.url));

/** Of `scripts/record-sessions.ts`: the preface, and frames. */
export type Session = readonly Buffer[];

export const SESSIONS: ReadonlyMap<string, Session> = new Map(
  readdirSync(FOLDER)
    .toSorted()
    .map((file) => {
      const lines = readFileSync(join(FOLDER, file), 'utf8').trim().split('\n');
      return [file.replace('.hex', ''), lines.map((line) => Buffer.from(line, 'hex'))];
    }),
);

const PLACES = 1000;
/** So far into something: 0 is its beginning, `PLACES` its end. */
const place = fc.nat(PLACES);

type FrameChange =
  | { kind: 'drop'; at: number }
  | { kind: 'repeat'; at: number; times: number }
  | { kind: 'move'; at: number; to: number }
  | { kind: 'graft'; at: number; session: string; from: number }
  | { kind: 'insert'; at: number; frame: Buffer }
  | { kind: 'head'; at: number; byte: number; value: number };

type ByteChange =
  | { kind: 'flip'; at: number; mask: number }
  | { kind: 'remove'; at: number; count: number }
  | { kind: 'put'; at: number; bytes: Uint8Array };

export interface Mutation {
  readonly session: string;
  readonly frames: readonly FrameChange[];
  readonly bytes: readonly ByteChange[];
  /** Where what is sent is cut into chunks. */
  readonly cuts: readonly number[];
}

const sessionName = fc.constantFrom(...SESSIONS.keys());
const streamId = fc.oneof(
  { weight: 8, arbitrary: fc.nat(20) },
  { weight: 1, arbitrary: fc.nat(0x7fff_ffff) },
);

/** A frame that is well-formed at least as a frame. */
const anyFrame = fc
  .record({
    type: fc.nat(11),
    flags: fc.constantFrom(0, 1, 4, 5, 8, 9, 12, 13, 32, 36, 37, 45, 255),
    streamId,
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 32 }),
      fc.nat(0xffff_ffff).map(fourBytes),
      fc
        .tuple(fc.nat(7), fc.oneof(fc.nat(20), fc.nat(0xffff_ffff)))
        .map(([id, value]) => new Uint8Array([0, id, ...fourBytes(value)])),
    ),
  })
  .map(({ type, flags, streamId: id, payload }) => {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(id, 5);
    return Buffer.concat([head, payload]);
  });

const frameChange: fc.Arbitrary<FrameChange> = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), at: place }),
  fc.record({
    kind: fc.constant('repeat' as const),
    at: place,
    times: fc.oneof({ weight: 9, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(300) }),
  }),
  fc.record({ kind: fc.constant('move' as const), at: place, to: place }),
  fc.record({ kind: fc.constant('graft' as const), at: place, session: sessionName, from: place }),
  fc.record({ kind: fc.constant('insert' as const), at: place, frame: anyFrame }),
  fc.record({
    kind: fc.constant('head' as const),
    at: place,
    byte: fc.nat(HEAD_BYTES - 1),
    value: fc.oneof(fc.nat(16), fc.nat(255)),
  }),
);

const byteChange: fc.Arbitrary<ByteChange> = fc.oneof(
  fc.record({
    kind: fc.constant('flip' as const),
    at: place,
    mask: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant('remove' as const), at: place, count: fc.nat(40) }),
  fc.record({
    kind: fc.constant('put' as const),
    at: place,
    bytes: fc.uint8Array({ maxLength: 20 }),
  }),
);

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  session: sessionName,
  frames: fc.array(frameChange, { maxLength: 6 }),
  bytes: fc.oneof(fc.constant([]), fc.array(byteChange, { maxLength: 4 })),
  cuts: fc.oneof(fc.constant([]), fc.array(place, { maxLength: 12 })),
});

/** The chunks that a mutated session is sent in. */
export function chunksOf({ session, frames, bytes, cuts }: Mutation): Buffer[] {
  let changed: Buffer[] = [...(SESSIONS.get(session) as Session)];
  for (const change of frames) changed = withFrameChange(changed, change);
  let whole: Buffer = Buffer.concat(changed);
  for (const change of bytes) whole = withByteChange(whole, change);
  const borders = cuts.map((at) => scaled(at, whole.length)).toSorted((one, other) => one - other);
  return [0, ...borders].map((start, index) => whole.subarray(start, borders[index]));
}

function withFrameChange(frames: readonly Buffer[], change: FrameChange): Buffer[] {
  const changed = [...frames];
  const at = scaled(change.at, frames.length);
  const frame = frames[Math.min(at, frames.length - 1)];
  switch (change.kind) {
    case 'drop':
      changed.splice(at, 1);
      break;
    case 'repeat':
      if (frame) changed.splice(at, 0, ...Array<Buffer>(change.times).fill(frame));
      break;
    case 'move':
      changed.splice(scaled(change.to, frames.length), 0, ...changed.splice(at, 1));
      break;
    case 'graft': {
      const others = SESSIONS.get(change.session) as Session;
      changed.splice(at, 0, others[scaled(change.from, others.length - 1)] as Buffer);
      break;
    }
    case 'insert':
      changed.splice(at, 0, change.frame);
      break;
    case 'head': {
      if (!frame || frame.length <= change.byte) break;
      const copy = Buffer.from(frame);
      copy[change.byte] = change.value;
      changed[Math.min(at, frames.length - 1)] = copy;
    }
  }
  return changed;
}

function withByteChange(whole: Buffer, change: ByteChange): Buffer {
  const at = scaled(change.at, whole.length);
  const [before, behind] = [whole.subarray(0, at), whole.subarray(at)];
  if (change.kind === 'put') return Buffer.concat([before, change.bytes, behind]);
  if (change.kind === 'remove') return Buffer.concat([before, behind.subarray(change.count)]);
  const flipped = Buffer.from(behind.subarray(0, 1).map((byte) => byte ^ change.mask));
  return Buffer.concat([before, flipped, behind.subarray(1)]);
}

function scaled(at: number, length: number): number {
  return Math.floor((at * length) / PLACES);
}

function fourBytes(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 255));
}
