/** Sessions by chance that keep to all rules, in ways that clients rarely use together. */
import fc from 'fast-check';
import { ERROR, FLAG, FRAME, PREFACE, SETTING } from '#proto/http2/protocol';
import { framed } from '#support/grpc-echo';
import {
  callFields,
  type Fields,
  frameBytes,
  hpackInteger,
  literalBlock,
  settingsPayload,
  uint32,
} from '#support/raw-http2';

/** One call. */
export interface ValidCall {
  readonly messageBytes: number;
  /** Where its body is cut into DATA frames, in bytes from one to the next. */
  readonly cuts: readonly number[];
  /** Of its frames in turn; -1 for none at all, which is not the same as 0. */
  readonly paddings: readonly number[];
  /** Where its header block is cut, likewise. */
  readonly headerCuts: readonly number[];
  readonly value: string;
  readonly hasPriority: boolean;
  readonly end: 'with data' | 'with an empty frame' | 'with trailers';
  /** After so many of its frames it is given up. */
  readonly resetAfter: number | undefined;
}

type Extra =
  | { kind: 'ping' }
  | { kind: 'setting'; id: number; value: number }
  | { kind: 'priority'; streamId: number }
  | { kind: 'unknown'; type: number; streamId: number; bytes: number }
  | { kind: 'window'; call: number; bytes: number };

export interface ValidSession {
  readonly calls: readonly ValidCall[];
  readonly extras: readonly Extra[];
  /** Whose turn it is: a call's, or else an extra's. */
  readonly turns: readonly number[];
  readonly firstWindow: number;
}

const padding = fc.oneof(fc.constant(-1), fc.constant(0), fc.nat(255));

const call: fc.Arbitrary<ValidCall> = fc.record({
  messageBytes: fc.oneof(fc.nat(20), fc.nat(40_000)),
  cuts: fc.array(fc.oneof(fc.nat(6), fc.nat(16_000)), { maxLength: 6 }),
  paddings: fc.array(padding, { minLength: 1, maxLength: 4 }),
  headerCuts: fc.array(fc.nat(100), { maxLength: 4 }),
  value: fc.string({ maxLength: 60, unit: fc.constantFrom(...'abcXYZ 0189~:;,'.split('')) }),
  hasPriority: fc.boolean(),
  end: fc.constantFrom('with data', 'with an empty frame', 'with trailers'),
  resetAfter: fc.option(fc.nat(6), { nil: undefined, freq: 5 }),
});

const extra: fc.Arbitrary<Extra> = fc.oneof(
  fc.constant({ kind: 'ping' as const }),
  fc.oneof(
    fc.record({
      kind: fc.constant('setting' as const),
      id: fc.constant(SETTING.headerTableBytes),
      value: fc.oneof(fc.nat(200), fc.nat(100_000)),
    }),
    fc.record({
      kind: fc.constant('setting' as const),
      id: fc.constant(SETTING.initialWindowBytes),
      value: fc.oneof(fc.nat(200), fc.nat(100_000)),
    }),
    fc.record({
      kind: fc.constant('setting' as const),
      id: fc.constant(SETTING.frameBytesMax),
      value: fc.integer({ min: 16_384, max: 100_000 }),
    }),
    fc.record({
      kind: fc.constant('setting' as const),
      id: fc.integer({ min: 0x10, max: 0xffff }),
      value: fc.nat(0xffff_ffff),
    }),
  ),
  // Of no stream of the session: none depends on itself.
  fc.record({ kind: fc.constant('priority' as const), streamId: fc.constantFrom(1001, 1003) }),
  fc.record({
    kind: fc.constant('unknown' as const),
    type: fc.integer({ min: 0x20, max: 0xff }),
    streamId: fc.nat(100),
    bytes: fc.nat(100),
  }),
  fc.record({
    kind: fc.constant('window' as const),
    call: fc.nat(10),
    bytes: fc.integer({ min: 1, max: 70_000 }),
  }),
);

export const validSession: fc.Arbitrary<ValidSession> = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 8 }),
  extras: fc.array(extra, { maxLength: 10 }),
  turns: fc.array(fc.nat(9), { maxLength: 60 }),
  firstWindow: fc.oneof(fc.nat(10), fc.nat(100_000)),
});

export const streamIdOf = (index: number): number => 2 * index + 1;

/** The message of a call, as it is in its body. */
export function bodyOf({ messageBytes }: ValidCall, index: number): Buffer {
  return framed(Buffer.alloc(messageBytes, `${index}:${messageBytes} `));
}

/** All that the client sends, in chunks that end with a frame. */
export function chunksOfValid(session: ValidSession): Buffer[] {
  const open = { begun: 0, left: session.calls.map((each, index) => framesOfCall(each, index)) };
  const extras = session.extras.map((each) => (): Buffer => framesOfExtra(each, open.begun));
  const settings = settingsPayload([[SETTING.initialWindowBytes, session.firstWindow]]);
  const chunks: Buffer[] = [
    Buffer.concat([PREFACE, frameBytes(FRAME.settings, 0, 0, settings)]),
    frameBytes(FRAME.settings, FLAG.ack, 0),
  ];
  const take = (turn: number): void => {
    // Streams are opened in their order.
    const index = Math.min(turn, open.begun);
    const frame = open.left[index]?.shift() ?? extras.shift()?.();
    if (!frame) return;
    if (index === open.begun && isHeadersOf(index, frame)) open.begun++;
    chunks.push(frame);
  };
  for (const turn of session.turns) take(turn);
  for (const [index, left] of open.left.entries()) while (left.length > 0) take(index);
  while (extras.length > 0) chunks.push((extras.shift() as () => Buffer)());
  // In the end all windows are open.
  chunks.push(
    frameBytes(FRAME.settings, 0, 0, settingsPayload([[SETTING.initialWindowBytes, 2 ** 24]])),
    frameBytes(FRAME.windowUpdate, 0, 0, uint32(2 ** 24)),
  );
  return chunks;
}

function isHeadersOf(index: number, frame: Buffer): boolean {
  return frame.readUInt8(3) === FRAME.headers && frame.readUInt32BE(5) === streamIdOf(index);
}

/** HEADERS and their CONTINUATION are one piece: nothing may come between them. */
function framesOfCall(given: ValidCall, index: number): Buffer[] {
  const id = streamIdOf(index);
  const fields: Fields = callFields('Echo', [['x-value', given.value]]);
  // Every other one goes into the table.
  const block = Buffer.concat(
    fields.map((field, position) => {
      const literal = literalBlock([field]);
      return position % 2 === index % 2 ? literal : Buffer.concat([INSERTED, literal.subarray(1)]);
    }),
  );
  const frames = [headerFrames(given, id, block)];
  const body = bodyOf(given, index);
  const bounds = boundsOf(body.length, given.cuts, 16_000);
  for (const [part, [start, end]] of bounds.entries()) {
    const isLast = given.end === 'with data' && part === bounds.length - 1;
    const flags = isLast ? FLAG.endStream : 0;
    frames.push(padded(FRAME.data, flags, id, body.subarray(start, end), given, part + 1));
  }
  if (given.end === 'with an empty frame') frames.push(frameBytes(FRAME.data, FLAG.endStream, id));
  if (given.end === 'with trailers') {
    const trailers = literalBlock([['x-last', given.value]]);
    frames.push(frameBytes(FRAME.headers, FLAG.endStream | FLAG.endHeaders, id, trailers));
  }
  if (given.resetAfter === undefined || given.resetAfter + 1 > frames.length) return frames;
  const reset = frameBytes(FRAME.resetStream, 0, id, uint32(ERROR.cancel));
  return [...frames.slice(0, given.resetAfter + 1), reset];
}

const INSERTED = hpackInteger(0, 6, 0x40);

function headerFrames(given: ValidCall, id: number, block: Buffer): Buffer {
  const bounds = boundsOf(block.length, given.headerCuts, 16_000);
  const frames = bounds.map(([start, end], part) => {
    const bytes = block.subarray(start, end);
    const flags = part === bounds.length - 1 ? FLAG.endHeaders : 0;
    if (part > 0) return frameBytes(FRAME.continuation, flags, id, bytes);
    if (!given.hasPriority) return padded(FRAME.headers, flags, id, bytes, given, 0);
    const priority = Buffer.from([0, 0, 0, 0, 16]);
    const payload = Buffer.concat([priority, bytes]);
    return padded(FRAME.headers, flags | FLAG.priority, id, payload, given, 0);
  });
  return Buffer.concat(frames);
}

function padded(
  type: number,
  flags: number,
  id: number,
  payload: Buffer,
  { paddings }: ValidCall,
  index: number,
): Buffer {
  const bytes = paddings[index % paddings.length] as number;
  if (bytes < 0) return frameBytes(type, flags, id, payload);
  const whole = Buffer.concat([Buffer.from([bytes]), payload, Buffer.alloc(bytes)]);
  return frameBytes(type, flags | FLAG.padded, id, whole);
}

/** Where the parts of so many bytes begin and end; at least one, none larger than `most`. */
function boundsOf(bytes: number, cuts: readonly number[], most: number): [number, number][] {
  const bounds: [number, number][] = [];
  let start = 0;
  for (const cut of [...cuts, ...Array<number>(Math.ceil(bytes / most)).fill(most)]) {
    const end = Math.min(bytes, start + cut);
    bounds.push([start, end]);
    start = end;
    if (start === bytes) break;
  }
  return bounds;
}

function framesOfExtra(given: Extra, begun: number): Buffer {
  switch (given.kind) {
    case 'ping':
      return frameBytes(FRAME.ping, 0, 0, Buffer.from('a ping: '));
    case 'setting':
      return frameBytes(FRAME.settings, 0, 0, settingsPayload([[given.id, given.value]]));
    case 'priority':
      return frameBytes(FRAME.priority, 0, given.streamId, Buffer.from([0, 0, 0, 1, 16]));
    case 'unknown':
      return frameBytes(given.type, 0xff, given.streamId, Buffer.alloc(given.bytes));
    case 'window': {
      // Of the connection, or a stream that was opened before.
      const id = given.call < begun ? streamIdOf(given.call) : 0;
      return frameBytes(FRAME.windowUpdate, 0, id, uint32(given.bytes));
    }
  }
}
