/** What node:http2 makes of a session, and what we do: the same, but for what is listed here. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HTTP2 } from '#lib/transport-limits';
import { HpackDecoder } from '#proto/http2/hpack/decoder';
import { ERROR, FLAG, FRAME, HEAD_BYTES, PREFACE } from '#proto/http2/protocol';
import { MemoryConnection } from '#support/memory-connection';
import { chunksOf, mutation } from '#support/mutations';
import { NodeConnection } from '#support/node-connection';
import { fuzz, FUZZ_TIMEOUT_MS, printSeed } from '#support/property';
import type { Frame } from '#support/raw-http2';
import { bodyOf, chunksOfValid, streamIdOf, validSession } from '#support/valid-sessions';

const SETTLED = 200;

beforeAll(printSeed);

type Connection = Pick<MemoryConnection, 'client' | 'frames' | 'settle' | 'end'>;

function both(): { ours: MemoryConnection; theirs: NodeConnection } {
  return { ours: new MemoryConnection(), theirs: new NodeConnection() };
}

interface Answer {
  readonly fields: readonly string[];
  readonly body: string;
  readonly isEnded: boolean;
}

/** By stream. */
function answersOf(frames: readonly Frame[]): Map<number, Answer> {
  const decoder = new HpackDecoder({
    tableBytesMax: HTTP2.hpackTableBytesDefault,
    listBytesMax: 2 ** 20,
    fieldsMax: HTTP2.headerFieldsMax,
  });
  const answers = new Map<number, Answer>();
  for (const { type, flags, streamId, payload } of frames) {
    if (type !== FRAME.headers && type !== FRAME.data) continue;
    const before = answers.get(streamId) ?? { fields: [], body: '', isEnded: false };
    const isHeaders = type === FRAME.headers;
    const { fields } = isHeaders ? decoder.decode(payload, 0, payload.length) : { fields: [] };
    answers.set(streamId, {
      fields: [...before.fields, ...fields],
      body: isHeaders ? before.body : before.body + payload.toString('latin1'),
      isEnded: (flags & FLAG.endStream) !== 0,
    });
  }
  return answers;
}

/** Sends a session, and lets it go on until all is answered that will be. */
async function answersTo(
  connection: Connection,
  chunks: readonly Buffer[],
  streamIds: readonly number[],
): Promise<Map<number, Answer>> {
  for (const chunk of chunks) connection.client.write(chunk);
  for (let left = SETTLED; left > 0; left--) {
    await connection.settle();
    const answers = answersOf(connection.frames);
    if (streamIds.every((id) => answers.get(id)?.isEnded === true)) return answers;
  }
  return answersOf(connection.frames);
}

/** node:http2 says when it was, too. */
const withoutDate = (fields: readonly string[] = []): readonly string[] =>
  fields.filter((field, index) => field !== 'date' && fields[index - 1] !== 'date');

test(
  'sessions that keep to the rules: the same answers',
  async () => {
    const isSame = fc.asyncProperty(validSession, async (session) => {
      const kept = session.calls.flatMap((call, index) =>
        call.resetAfter === undefined ? [{ call, index, id: streamIdOf(index) }] : [],
      );
      const chunks = chunksOfValid(session);
      const ids = kept.map(({ id }) => id);
      const { ours, theirs } = both();
      const answers = await answersTo(ours, chunks, ids);
      const expected = await answersTo(theirs, chunks, ids);
      for (const { id, index, call } of kept) {
        expect(answers.get(id)?.isEnded).toBe(true);
        expect(answers.get(id)?.body).toBe(bodyOf(call, index).toString('latin1'));
        expect(answers.get(id)?.body).toBe(expected.get(id)?.body);
        expect(answers.get(id)?.fields).toEqual(withoutDate(expected.get(id)?.fields));
      }
      await ours.end();
      await theirs.end();
      expect(ours.errors).toEqual([]);
      expect(ours.counters).toMatchObject({ protocolErrors: 0, slowReaders: 0 });
      expect(ours.left).toEqual({ handlers: 0, partialBytes: 0, waitingBytes: 0 });
    });
    await fuzz(isSame);
  },
  FUZZ_TIMEOUT_MS,
);

interface Verdict {
  readonly code: number;
  readonly reason: string;
}

const FINE: Verdict = { code: ERROR.none, reason: '' };

/** Why the connection ended, if it was for what the client did. */
async function verdictOf(connection: Connection, bytes: Buffer): Promise<Verdict> {
  connection.client.write(bytes);
  await connection.settle();
  const codes = connection.frames
    .filter(({ type }) => type === FRAME.goAway)
    .map(({ payload }) => ({
      code: payload.readUInt32BE(4),
      reason: payload.subarray(8).toString(),
    }));
  await connection.end();
  return codes.find(({ code }) => code !== ERROR.none) ?? FINE;
}

interface Difference {
  readonly why: string;
  readonly is: (ours: Verdict, theirs: Verdict) => boolean;
}

const DIFFERENCES: readonly Difference[] = [
  {
    why: 'bounds of floods, of header blocks and of settings are not the same',
    is: (ours, theirs) => [ours.code, theirs.code].includes(ERROR.enhanceYourCalm),
  },
  {
    why: 'a stream id that goes back: they ignore it. RFC 9113 5.1.1 has it refused',
    is: (ours) => ours.reason === 'a stream id that goes back',
  },
  {
    why: 'frames on streams that are over: that depends on when, and who ended them',
    is: (ours, theirs) => [ours.code, theirs.code].includes(ERROR.streamClosed),
  },
  {
    why: 'a window update of 0 on a stream: they end the connection. RFC 9113 6.9: the stream',
    is: (ours, theirs) =>
      ours === FINE && theirs.reason.startsWith('WINDOW_UPDATE: window_size_inc'),
  },
  {
    why: 'an answer to SETTINGS that were not sent: we only count it',
    is: (ours, theirs) => ours === FINE && theirs.reason === 'SETTINGS: unexpected ACK',
  },
  {
    why: 'padding of a frame for a stream that is over: we do not look at it',
    is: (ours, theirs) => ours === FINE && theirs.reason === 'DATA: insufficient padding space',
  },
  {
    why: 'settings that only a server can make use of: we do not look at them',
    is: (ours, theirs) =>
      ours === FINE && /SETTINGS_(ENABLE_CONNECT|NO_RFC7540)/.test(theirs.reason),
  },
  {
    why: 'an answer to a PING that was not sent: they end the connection, without a reason',
    is: (ours, theirs) => ours === FINE && theirs.code === ERROR.internal && theirs.reason === '',
  },
  {
    why: 'priorities: they do not look at them. RFC 9113 6.3 says which are wrong',
    is: (ours, theirs) => theirs === FINE && /PRIORITY|depends on itself/.test(ours.reason),
  },
  {
    why: 'what a GOAWAY says of streams that we never open: of no interest to us',
    is: (ours, theirs) => ours === FINE && theirs.reason === 'GOAWAY: invalid last_stream_id',
  },
  {
    why: 'more than the first window, before our SETTINGS are acknowledged: we take it',
    is: (ours, theirs) => ours === FINE && theirs.code === ERROR.flowControl,
  },
];

/**
 * Without what is not complete: they judge parts of frames and header blocks, we wait. And without
 * what comes behind a GOAWAY: they may end the connection there, we go on until the client does.
 */
function wholeFrames(bytes: Buffer): Buffer {
  let end = PREFACE.length;
  let complete = end;
  let isWithinBlock = false;
  while (bytes.length >= end + HEAD_BYTES) {
    const type = bytes.readUInt8(end + 3);
    const flags = bytes.readUInt8(end + 4);
    end += HEAD_BYTES + bytes.readUIntBE(end, 3);
    if (end > bytes.length) break;
    const isOfBlock = type === FRAME.headers || type === FRAME.continuation;
    if (isOfBlock) isWithinBlock = (flags & FLAG.endHeaders) === 0;
    if (isWithinBlock) continue;
    complete = end;
    if (type === FRAME.goAway) break;
  }
  return bytes.subarray(0, complete);
}

describe('sessions that break rules', () => {
  test(
    'are refused by both or neither',
    async () => {
      const isJudgedAlike = fc.asyncProperty(mutation, async (given) => {
        // Each change more hides what the others would have shown.
        const few = { frames: given.frames.slice(0, 2), bytes: given.bytes.slice(0, 1), cuts: [] };
        const bytes = wholeFrames(Buffer.concat(chunksOf({ ...given, ...few })));
        const { ours, theirs } = both();
        const verdict = await verdictOf(ours, bytes);
        const other = await verdictOf(theirs, bytes);
        if ((verdict === FINE) === (other === FINE)) return;
        if (DIFFERENCES.some(({ is }) => is(verdict, other))) return;
        const [ourFrames, theirFrames] = [ours, theirs].map(({ frames }) => frames);
        expect({ ours: verdict, ourFrames }).toEqual({ theirs: other, theirFrames });
      });
      await fuzz(isJudgedAlike);
    },
    FUZZ_TIMEOUT_MS,
  );
});
