/** Header blocks that mean far more than they take on the wire, and more than calls may have. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GRPC, HTTP2 } from '#lib/transport-limits';
import { LISTEN } from '#lib/limits';
import { ERROR, FLAG, FRAME } from '#proto/http2/protocol';
import { AttackStand, flood, usedBytes } from '#support/attack';
import type { StartedEcho } from '#support/echo-stand';
import { ECHO } from '#support/echo-service';
import { EMPTY_MESSAGE } from '#support/grpc-echo';
import {
  callFields,
  type Fields,
  type Frame,
  frameBytes,
  hpackInteger,
  literalBlock,
  type RawHttp2,
} from '#support/raw-http2';

const MIB = 2 ** 20;
const GROWTH_BYTES_MAX = 32 * MIB;
const RESOURCE_EXHAUSTED = '8';
const UNIMPLEMENTED = '12';
/** What a field counts beside its name and value. RFC 7541 4.1 */
const FIELD_BYTES = 32;
/** As much as the table takes in one entry. */
const LARGE = 'b'.repeat(HTTP2.hpackTableBytesDefault - FIELD_BYTES - 1);
/** The newest entry of the table, as a field. */
const NEWEST = Buffer.from([0x80 | 62]);

const stand = new AttackStand();
let echo: StartedEcho;

beforeEach(async () => {
  echo = await stand.start();
});

afterEach(() => stand.close());

const odd = (index: number): number => 2 * index + 1;
const LAST = FLAG.endHeaders | FLAG.endStream;

/** HEADERS, and as many CONTINUATION frames as it takes. */
function headers(streamId: number, block: Buffer, flags: number = FLAG.endHeaders): Buffer {
  const PART_BYTES = 16_000;
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += PART_BYTES) {
    const isLast = at + PART_BYTES >= block.length;
    const part = block.subarray(at, at + PART_BYTES);
    const type = at === 0 ? FRAME.headers : FRAME.continuation;
    const ofAll = at === 0 ? flags & ~FLAG.endHeaders : 0;
    frames.push(frameBytes(type, ofAll | (isLast ? FLAG.endHeaders : 0), streamId, part));
  }
  return Buffer.concat(frames);
}

/** A literal that goes into the table. RFC 7541 6.2.1 */
function inserted(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x40]), literalBlock([[name, value]]).subarray(1)]);
}

const message = (streamId: number): Buffer =>
  frameBytes(FRAME.data, FLAG.endStream, streamId, EMPTY_MESSAGE);

async function statusOf(raw: RawHttp2, streamId: number): Promise<string | undefined> {
  for (;;) {
    const frame = await raw.nextOf(FRAME.headers);
    const status = raw.fields(frame).get('grpc-status');
    if (frame.streamId === streamId && status !== undefined) return status;
  }
}

function resetsOf(frames: readonly Frame[], code: number): Frame[] {
  return frames.filter(
    ({ type, payload }) => type === FRAME.resetStream && payload.readUInt32BE() === code,
  );
}

describe('an entry of 4 KB', () => {
  test('10,000 times in one list: the call is refused, the connection goes on', async () => {
    const raw = await stand.attacker();
    const call = literalBlock(callFields('Echo'));
    const bomb = Buffer.concat([call, inserted('b', LARGE), ...Array(10_000).fill(NEWEST)]);
    raw.write(headers(1, bomb, LAST));
    expect(await statusOf(raw, 1)).toBe(RESOURCE_EXHAUSTED);
    raw.write(headers(3, call));
    raw.write(message(3));
    expect(await statusOf(raw, 3)).toBe('0');
    expect(echo.record.calls).toHaveLength(1);
  });

  test('in 10,000 calls, again and again: no more memory than one call takes', async () => {
    const raw = await stand.attacker();
    raw.write(headers(1, Buffer.concat([literalBlock(callFields('Echo')), inserted('b', LARGE)])));
    raw.write(message(1));
    expect(await statusOf(raw, 1)).toBe('0');
    const beforeBytes = await usedBytes();
    const attack = flood(raw, 10_000, (index) => {
      const number: Fields = [['n', `${index}`]];
      const times = index % 2 === 0 ? 3 : 1000;
      const block = [literalBlock(callFields('Echo', number)), ...Array(times).fill(NEWEST)];
      return Buffer.concat([
        headers(odd(index + 1), Buffer.concat(block)),
        message(odd(index + 1)),
      ]);
    });
    await stand.whileOthersAreServed(attack);
    expect(await statusOf(raw, odd(9_999))).toBe('0');
    echo.record.calls.length = 0;
    expect((await usedBytes()) - beforeBytes).toBeLessThan(GROWTH_BYTES_MAX);
    expect(echo.counters().protocolErrors).toBe(0);
  });
});

describe('changes of the table', () => {
  test('10,000 in one block: it means what it means, at once', async () => {
    const raw = await stand.attacker();
    const change = (): Buffer[] => [hpackInteger(0, 5, 0x20), hpackInteger(4096, 5, 0x20)];
    const changes = Array.from({ length: 5000 }, change);
    const block = Buffer.concat([...changes.flat(), literalBlock(callFields('Echo'))]);
    raw.write(headers(1, block));
    raw.write(message(1));
    expect(await statusOf(raw, 1)).toBe('0');
  });

  test.each([4097, 2 ** 28])('to %i bytes: COMPRESSION_ERROR', async (bytes) => {
    const raw = await stand.attacker();
    raw.write(headers(1, hpackInteger(bytes, 5, 0x20), LAST));
    expect(await raw.goodbye()).toBe(ERROR.compression);
    expect(echo.counters().protocolErrors).toBe(1);
  });

  test('amid the fields: COMPRESSION_ERROR', async () => {
    const raw = await stand.attacker();
    raw.write(headers(1, Buffer.concat([Buffer.from([0x83]), hpackInteger(0, 5, 0x20)]), LAST));
    expect(await raw.goodbye()).toBe(ERROR.compression);
  });
});

describe('a header list', () => {
  const listBytes = (fields: Fields): number =>
    fields.reduce((sum, [name, value]) => sum + name.length + value.length + FIELD_BYTES, 0);

  test('of as many bytes as are allowed, and of one more', async () => {
    const raw = await stand.attacker();
    const restBytes = LISTEN.metadataBytesMax - listBytes(callFields('Echo', [['x', '']]));
    for (const [index, status] of ['0', RESOURCE_EXHAUSTED].entries()) {
      const fields = callFields('Echo', [['x', 'x'.repeat(restBytes + index)]]);
      raw.write(headers(odd(index), literalBlock(fields)));
      raw.write(message(odd(index)));
      expect(await statusOf(raw, odd(index))).toBe(status);
    }
  });

  test('of as many fields as are allowed, and of one more', async () => {
    const raw = await stand.attacker();
    const rest = HTTP2.headerFieldsMax - callFields('Echo').length;
    for (const [index, status] of ['0', RESOURCE_EXHAUSTED].entries()) {
      const more = Array.from(Array(rest + index), (_, number) => [`x${number}`, ''] as const);
      raw.write(headers(odd(index), literalBlock(callFields('Echo', more))));
      raw.write(message(odd(index)));
      expect(await statusOf(raw, odd(index))).toBe(status);
    }
  });

  test('of more bytes than a block may have: the connection ends', async () => {
    const raw = await stand.attacker();
    const fields = callFields('Echo', [['x', 'x'.repeat(HTTP2.headerBlockBytesMax)]]);
    raw.write(headers(1, literalBlock(fields)));
    expect(await raw.goodbye()).toBe(ERROR.enhanceYourCalm);
  });
});

test('a block in more frames than it may have: the connection ends', async () => {
  const raw = await stand.attacker();
  raw.write(frameBytes(FRAME.headers, 0, 1, literalBlock(callFields('Echo'))));
  for (let frames = 1; frames < HTTP2.headerBlockFramesMax; frames++) {
    raw.write(frameBytes(FRAME.continuation, 0, 1, literalBlock([['x', 'x']])));
  }
  raw.write(frameBytes(FRAME.continuation, FLAG.endHeaders, 1));
  expect(await raw.goodbye()).toBe(ERROR.enhanceYourCalm);
});

test('header lists of calls that stay open have a bound together', async () => {
  const CALLS = 3000;
  const VALUE_BYTES = 12_000;
  const raw = await stand.attacker();
  const beforeBytes = await usedBytes();
  await flood(raw, CALLS, (index) => {
    const value = `${index}`.padEnd(VALUE_BYTES, 'x');
    return headers(odd(index), literalBlock(callFields('Wait', [['x', value]])));
  });
  const refused = resetsOf(await raw.sync(), ERROR.refusedStream);
  const served = HTTP2.openHeadersBytesMax / VALUE_BYTES;
  expect(refused.length).toBeGreaterThan(CALLS - served);
  expect(refused.length).toBeLessThan(CALLS - served * 0.9);
  const growth = (await usedBytes()) - beforeBytes;
  expect(growth).toBeLessThan(HTTP2.openHeadersBytesMax + GROWTH_BYTES_MAX);
  raw.destroy();
});

test('what a client says is not told back to it at any length', async () => {
  const raw = await stand.attacker();
  const path = `/${ECHO}/${'\xff'.repeat(3000)}`;
  const fields = callFields('Echo').filter(([name]) => name !== ':path');
  const block = Buffer.concat([inserted(':path', path), literalBlock(fields)]);
  raw.write(headers(1, block, LAST));
  const frame = await raw.nextOf(FRAME.headers, 1);
  expect(frame.flags).toBe(LAST);
  const answer = raw.fields(frame);
  expect(answer.get('grpc-status')).toBe(UNIMPLEMENTED);
  // Each of the characters is 2 bytes, and each of these 3 letters.
  expect(answer.get('grpc-message')?.length).toBeLessThanOrEqual(6 * GRPC.statusMessageCharsMax);
});
