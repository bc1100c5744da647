/** node:http2 as the second opinion: what it encodes we decode, what we encode it decodes. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type EncodableFields, HpackEncoder } from '#proto/http2/hpack/encoder';
import { STATIC_NAMES } from '#proto/http2/hpack/static-table';
import { often, printSeed, runs } from '#support/property';
import { until } from '#support/until';
import { decoder } from './blocks.ts';
import { NodeSession, type Seen, type SeenConnection } from './frames-seen.ts';

printSeed();

type Field = readonly [name: string, value: string, flag: boolean];
/** One header list, or a change of the table's size. */
type Step = readonly Field[] | number;

/** node:http2 lets these come once, or not at all, or changes them. */
const SPECIAL = /^:|^(cookie|set-cookie|host|content-length|te|http2-settings|transfer-encoding)$/;
const ONCE = new Set(STATIC_NAMES);
const KNOWN_NAMES = STATIC_NAMES.filter((name) => name !== '' && !SPECIAL.test(name));

const token = fc.string({
  unit: fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz0123456789-_.')),
  minLength: 1,
  maxLength: 30,
});
const name = fc.oneof(
  fc.constantFrom(...KNOWN_NAMES),
  fc.constantFrom('x-mq-request-id', 'x-mq-date-time', 'x-mq-language', 'grpc-timeout'),
  token.map((text) => `x-${text}`),
);
/** What HTTP allows, without blanks at its ends. */
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('', 'NODE_JS', 'v2', 'trailers', 'gzip') },
  { weight: 3, arbitrary: fc.uuid() },
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 100 }) },
  { weight: 1, arbitrary: fc.string({ unit: latin1(), maxLength: 50 }) },
  { weight: 1, arbitrary: longText() },
);

function latin1(): fc.Arbitrary<string> {
  const codes = fc.oneof(
    fc.integer({ min: 0x20, max: 0x7e }),
    fc.integer({ min: 0xa1, max: 0xff }),
  );
  return codes.map((code) => String.fromCharCode(code));
}

function longText(): fc.Arbitrary<string> {
  const length = fc.constantFrom(500, 4064, 5000, 20_000);
  return fc.tuple(latin1(), length).map(([unit, times]) => unit.trim().repeat(times));
}

const field: fc.Arbitrary<Field> = fc.tuple(
  name,
  value.map((text) => text.trim()),
  fc.boolean(),
);
const list = fc
  .array(field, { maxLength: 12 })
  .map((fields) => fields.filter((each, at) => isAllowed(each, fields.slice(0, at))));

function isAllowed([each]: Field, before: readonly Field[]): boolean {
  return !ONCE.has(each) || !before.some(([other]) => other === each);
}

/** A few lists, again and again, as clients do. */
const session: fc.Arbitrary<readonly Step[]> = fc
  .array(list, { minLength: 1, maxLength: 4 })
  .chain((lists) => {
    const size = fc.constantFrom(0, 50, 200, 1000, 4096);
    const step = fc.oneof(...often(8, fc.constantFrom(...lists)), list, size);
    return fc.array(step, { minLength: 1, maxLength: 20 });
  });

test('header lists that node:http2 encodes', async () => {
  const property = fc.asyncProperty(session, fc.constantFrom(0, 100, 4096), async (steps, size) => {
    const expected: (readonly string[])[] = [];
    const target = decoder({ listBytesMax: 1_000_000, fieldsMax: 1000 });
    const decoded: (readonly string[])[] = [];
    const take = ({ block }: Seen): void => {
      decoded.push(target.decode(block, 0, block.length).fields);
    };
    await using opened = await NodeSession.open(size, take);
    const { client, server } = opened;
    for (const step of steps) {
      if (typeof step === 'number') {
        server.allowTable(step);
        await once(client, 'remoteSettings');
        continue;
      }
      request(client, step);
      expected.push(requestFields(step));
    }
    await until(10_000, () => decoded.length >= expected.length);
    expect(decoded).toEqual(expected);
  });
  await fc.assert(property, runs(60));
}, 60_000);

test('a list of many frames', async () => {
  const fields: Field[] = Array.from({ length: 40 }, (_, number) => [
    `x-long-${number}`,
    '~'.repeat(2000),
    false,
  ]);
  const seen: Seen[] = [];
  await using opened = await NodeSession.open(4096, (each) => void seen.push(each));
  request(opened.client, fields);
  await until(10_000, () => seen.length > 0);
  const [{ block, frames }] = seen as [Seen];
  expect(frames).toBeGreaterThan(2);
  const target = decoder({ listBytesMax: 1_000_000 });
  expect(target.decode(block, 0, block.length).fields).toEqual(requestFields(fields));
});

test('header lists that we encode', async () => {
  const property = fc.asyncProperty(session, async (steps) => {
    const encoder = new HpackEncoder();
    const lists: EncodableFields[] = [];
    const answer = ({ streamId }: Seen, connection: SeenConnection): void => {
      connection.answer(streamId, encoder.block(lists[(streamId - 1) / 2]!));
    };
    const setTable = (bytes: number): void => encoder.setPeerTableBytesMax(bytes);
    await using opened = await NodeSession.open(4096, answer, setTable);
    const { client } = opened;
    const answers: Promise<readonly string[]>[] = [];
    // The same object for the same list: such blocks are remembered.
    const withStatus = new Map<readonly Field[], EncodableFields>();
    for (const step of steps) {
      if (typeof step === 'number') {
        client.settings({ headerTableSize: step });
        if (step % 100 === 0) await once(client, 'localSettings');
        continue;
      }
      const fields: EncodableFields = withStatus.get(step) ?? [[':status', '200', true], ...step];
      withStatus.set(step, fields);
      lists.push(fields);
      answers.push(answerTo(client.request({ ':path': '/' })));
    }
    const decoded = await Promise.all(answers);
    expect(decoded).toEqual(lists.map((fields) => fields.flatMap(([n, v]) => [n, v])));
  });
  await fc.assert(property, runs(60));
}, 60_000);

function request(client: NodeSession['client'], fields: readonly Field[]): void {
  const headers: OutgoingHttpHeaders & { [sensitiveHeaders]?: string[] } = {
    ':method': 'POST',
    ':path': '/service/method',
    ':scheme': 'http',
    ':authority': 'broker:8081',
  };
  for (const [each, text] of fields) {
    const before = headers[each] as string[] | undefined;
    headers[each] = before === undefined ? [text] : [...before, text];
  }
  headers[sensitiveHeaders] = fields.filter(([, , flag]) => flag).map(([each]) => each);
  const stream = client.request(headers);
  stream.on('error', () => undefined);
}

/** In the order in which node:http2 sends them: values of a name together. */
function requestFields(fields: readonly Field[]): readonly string[] {
  const values = new Map<string, string[]>();
  for (const [each, text] of fields) values.set(each, [...(values.get(each) ?? []), text]);
  const names = [...values.keys()];
  const flat = names.flatMap((each) => values.get(each)!.flatMap((text) => [each, text]));
  const head = [':method', 'POST', ':path', '/service/method', ':scheme', 'http'];
  return [...head, ':authority', 'broker:8081', ...flat];
}

async function answerTo(
  stream: ReturnType<NodeSession['client']['request']>,
): Promise<readonly string[]> {
  const [, , rawHeaders] = (await once(stream, 'response')) as [
    IncomingHttpHeaders,
    number,
    string[],
  ];
  stream.close();
  return rawHeaders;
}
