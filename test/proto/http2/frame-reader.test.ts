import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { FrameReader } from '#proto/http2/frame-reader';
import { FRAME, FRAME_BYTES_DEFAULT, HEAD_BYTES, PREFACE } from '#proto/http2/protocol';
import { type Frame, frameBytes } from '#support/raw-http2';

const FRAMES: readonly Frame[] = [
  { type: FRAME.settings, flags: 0, streamId: 0, payload: Buffer.alloc(0) },
  { type: FRAME.headers, flags: 5, streamId: 1, payload: Buffer.from('headers') },
  { type: FRAME.data, flags: 0, streamId: 1, payload: randomBytes(300) },
  { type: 0xff, flags: 0xff, streamId: 2 ** 31 - 1, payload: Buffer.from([0]) },
  { type: FRAME.data, flags: 1, streamId: 1, payload: Buffer.alloc(0) },
];
const SESSION = Buffer.concat([
  PREFACE,
  ...FRAMES.map(({ type, flags, streamId, payload }) => frameBytes(type, flags, streamId, payload)),
]);

/** What comes of the chunks; payloads are looked at in the end, as receivers may keep them. */
function read(...chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader({
    onFrame(type, flags, streamId, bytes, start, end) {
      frames.push({ type, flags, streamId, payload: bytes.subarray(start, end) });
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

describe('frames are the same', () => {
  test('in one piece', () => {
    expect(read(SESSION)).toEqual(FRAMES);
  });

  test('cut in two anywhere', () => {
    for (let cut = 0; cut <= SESSION.length; cut++) {
      expect(read(SESSION.subarray(0, cut), SESSION.subarray(cut))).toEqual(FRAMES);
    }
  });

  test('byte by byte', () => {
    const bytes = Array.from(SESSION, (byte) => Buffer.from([byte]));
    expect(read(...bytes)).toEqual(FRAMES);
  });

  test.each([2, 3, 7, 8, 9, 10, 11, 25])('in pieces of %i bytes', (pieceBytes) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < SESSION.length; at += pieceBytes) {
      pieces.push(SESSION.subarray(at, at + pieceBytes));
    }
    expect(read(...pieces)).toEqual(FRAMES);
  });
});

test('only what is complete is told', () => {
  const bounds = [PREFACE.length];
  for (const { payload } of FRAMES) bounds.push(bounds.at(-1)! + HEAD_BYTES + payload.length);
  for (let cut = 0; cut <= SESSION.length; cut++) {
    const complete = bounds.slice(1).filter((bound) => bound <= cut).length;
    expect(read(SESSION.subarray(0, cut))).toEqual(FRAMES.slice(0, complete));
  }
});

test('the reserved bit of a stream id is ignored', () => {
  const frame = frameBytes(FRAME.data, 0, 1, Buffer.from('x'));
  frame.writeUInt32BE(0x8000_0001, 5);
  expect(read(PREFACE, frame)[0]?.streamId).toBe(1);
});

test('a frame that is too large is refused by its head alone', () => {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(FRAME_BYTES_DEFAULT + 1, 0, 3);
  for (let cut = 0; cut <= HEAD_BYTES; cut++) {
    const chunks = [PREFACE, head.subarray(0, cut), head.subarray(cut)];
    expect(() => read(...chunks)).toThrow(/a frame of 16385 bytes/);
  }
});

test('another preface is refused as soon as it is there', () => {
  const other = Buffer.from(PREFACE);
  other[PREFACE.length - 1] = 0x21;
  for (let cut = 0; cut <= other.length; cut++) {
    expect(() => read(other.subarray(0, cut), other.subarray(cut))).toThrow(/not HTTP\/2/);
  }
});
