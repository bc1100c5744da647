import { expect, test } from '@jest/globals';
import { controlFrame, FLAG, FRAME, FrameReader } from '../../bench/wire/frames.ts';

const PADDED = Buffer.concat([Buffer.from([2]), Buffer.from('padded'), Buffer.alloc(2)]);
const FRAMES = Buffer.concat([
  controlFrame(FRAME.settings, 0, 0, Buffer.alloc(0)),
  controlFrame(FRAME.data, FLAG.endStream, 3, Buffer.from('hello')),
  controlFrame(FRAME.data, FLAG.padded, 0x7fff_ffff, PADDED),
  controlFrame(FRAME.data, 0, 5, Buffer.alloc(16_384, 'x')),
]);
const READ = [
  [FRAME.settings, 0, 0, ''],
  [FRAME.data, FLAG.endStream, 3, 'hello'],
  [FRAME.data, FLAG.padded, 0x7fff_ffff, 'padded'],
  [FRAME.data, 0, 5, 'x'.repeat(16_384)],
];

function read(chunks: readonly Buffer[]): unknown[] {
  const reader = new FrameReader();
  const frames: unknown[] = [];
  for (const chunk of chunks) {
    // The chunk is the reader's only for now, as all connections read into the same bytes.
    const lent = Buffer.from(chunk);
    reader.push(lent, () => {
      const { type, flags, streamId, bytes, start, end } = reader;
      frames.push([type, flags, streamId, bytes.toString('latin1', start, end)]);
    });
    lent.fill(0xff);
  }
  return frames;
}

test('frames are the same wherever the reads end', () => {
  expect(read([FRAMES])).toEqual(READ);
  for (let size = 1; size < 60; size++) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < FRAMES.length; at += size) chunks.push(FRAMES.subarray(at, at + size));
    expect(read(chunks)).toEqual(READ);
  }
});

test('a frame larger than any may be is refused', () => {
  const frame = controlFrame(FRAME.data, 0, 1, Buffer.alloc(20_000));
  expect(() => read([frame.subarray(0, 18_000)])).toThrow('larger');
});
