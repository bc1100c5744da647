import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LISTEN } from '#lib/limits';
import { readProxyHeader } from '#proto/grpc-transport/proxy-protocol';
import { binaryProxyHeader } from '#support/proxy-header';
import { printSeed, runs } from '#support/property';

beforeAll(printSeed);

const text = (line: string): Buffer => Buffer.from(line, 'latin1');

describe('version 1', () => {
  test.each([
    ['PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n', '192.0.2.7:56324'],
    ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255:65535'],
    ['PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n', '0.0.0.0:0'],
    ['PROXY TCP6 2001:db8:0:0:0:0:0:7 ::1 4711 443\r\n', '2001:db8::7:4711'],
    ['PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 443\r\n', '::ffff:192.0.2.7:4711'],
    ['PROXY UNKNOWN\r\n', undefined],
    ['PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n', undefined],
    [`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`, undefined],
  ])('%j', (line, client) => {
    const bytes = text(line);
    expect(bytes.length).toBeLessThanOrEqual(107);
    expect(readProxyHeader(bytes)).toEqual({ bytes: bytes.length, client });
    const followed = Buffer.concat([bytes, text('PRI * HTTP/2.0\r\n')]);
    expect(readProxyHeader(followed)).toEqual({ bytes: bytes.length, client });
    expectBeginnings(bytes);
  });

  test.each([
    'PRI * HTTP/2.0\r\n',
    'GET / HTTP/1.1\r\n',
    'proxy TCP4 192.0.2.7 198.51.100.1 56324 443\r\n',
    ' PROXY UNKNOWN\r\n',
    'PROXY\r\n',
    'PROXY \r\n',
    'PROXY  UNKNOWN\r\n',
    'PROXY UNKNOWNS\r\n',
    'PROXY UDP4 192.0.2.7 198.51.100.1 56324 443\r\n',
    'PROXY TCP4\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 \r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 more\r\n',
    'PROXY TCP4 192.0.2.7  198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.07 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.7 example.org 56324 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 056324 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 1e3 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\n\r\n',
    'PROXY TCP4 ::1 ::1 56324 443\r\n',
    'PROXY TCP6 192.0.2.7 198.51.100.1 56324 443\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 56324 443\r\n',
    'PROXY TCP6 1::2::3 ::1 56324 443\r\n',
    `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
    `PROXY UNKNOWN ${'x'.repeat(1000)}`,
  ])('%j is refused', (line) => {
    expect(readProxyHeader(text(line))).toBe('malformed');
  });
});

const V4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb];
const V6 = [...Buffer.from(`20010db8${'0'.repeat(23)}7${'0'.repeat(31)}1126701bb`, 'hex')];
const filler = (length: number): number[] => Array.from({ length }, () => 0);
const TLV = [4, 0, 3, 1, 2, 3];

describe('version 2', () => {
  test.each([
    ['TCP4', 0x21, 0x11, V4, '192.0.2.7:56324'],
    ['TCP4 with more behind the addresses', 0x21, 0x11, [...V4, ...TLV], '192.0.2.7:56324'],
    ['TCP6', 0x21, 0x21, V6, '2001:db8::7:4711'],
    ['TCP6 with more behind the addresses', 0x21, 0x21, [...V6, ...TLV], '2001:db8::7:4711'],
    ['nothing known', 0x21, 0x00, [], undefined],
    ['nothing known, and more', 0x21, 0x00, TLV, undefined],
    ['UDP', 0x21, 0x12, V4, undefined],
    ['UNIX', 0x21, 0x31, filler(216), undefined],
    ['LOCAL', 0x20, 0x00, [], undefined],
    ['LOCAL with addresses', 0x20, 0x11, V4, undefined],
    ['LOCAL with a family that there is not', 0x20, 0xff, TLV, undefined],
    ['as long as can be', 0x21, 0x00, filler(LISTEN.proxyHeaderBytesMax - 16), undefined],
  ])('%s', (_what, command, family, rest, client) => {
    const bytes = binaryProxyHeader(command, family, rest);
    expect(readProxyHeader(bytes)).toEqual({ bytes: bytes.length, client });
    const followed = Buffer.concat([bytes, Buffer.of(0x16, 3, 1)]);
    expect(readProxyHeader(followed)).toEqual({ bytes: bytes.length, client });
    expectBeginnings(bytes);
  });

  test.each([
    ['version 1', 0x11, 0x11, V4],
    ['version 3', 0x31, 0x11, V4],
    ['another command', 0x22, 0x11, V4],
    ['a family that there is not', 0x21, 0x41, V4],
    ['a protocol that there is not', 0x21, 0x13, V4],
    ['an address that is cut short', 0x21, 0x11, V4.slice(1)],
    ['an IPv6 address that is cut short', 0x21, 0x21, V6.slice(1)],
    ['a UNIX address that is cut short', 0x21, 0x31, V6],
    ['too long', 0x21, 0x00, filler(LISTEN.proxyHeaderBytesMax - 15)],
    ['far too long', 0x21, 0x00, filler(65_535)],
  ])('%s is refused, as soon as its length is there', (_what, command, family, rest) => {
    const bytes = binaryProxyHeader(command, family, rest);
    expect(readProxyHeader(bytes)).toBe('malformed');
    expect(readProxyHeader(bytes.subarray(0, 16))).toBe('malformed');
  });

  test('a signature that differs in one bit is refused', () => {
    const bytes = binaryProxyHeader(0x21, 0x11, V4);
    for (let at = 0; at < 12; at++) {
      const other = Buffer.from(bytes);
      other[at]! ^= 1;
      expect(readProxyHeader(other)).toBe('malformed');
    }
  });
});

describe('any bytes', () => {
  const header = fc.oneof(
    fc
      .tuple(fc.constantFrom('TCP4', 'TCP6', 'UNKNOWN'), fc.ipV4(), fc.ipV6(), fc.nat(99_999))
      .map(([protocol, v4, v6, port]) => {
        const address = protocol === 'TCP4' ? v4 : v6;
        return text(`PROXY ${protocol} ${address} ${address} ${port} 1\r\n`);
      }),
    fc
      .tuple(
        fc.constantFrom(0x20, 0x21, 0x22),
        fc.constantFrom(0x00, 0x11, 0x12, 0x21, 0x31, 0x41),
        fc.array(fc.nat(255), { maxLength: 300 }),
      )
      .map(([command, family, rest]) => binaryProxyHeader(command, family, rest)),
  );
  const change = fc.tuple(fc.nat(400), fc.nat(255));

  test('are a header, the beginning of one, or refused, and never change their mind', () => {
    const mutated = fc
      .tuple(header, fc.array(change, { maxLength: 3 }), fc.uint8Array({ maxLength: 50 }))
      .map(([bytes, changes, rest]) => {
        const changed = Buffer.concat([bytes, rest]);
        for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte;
        return changed;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (input) => {
        const bytes = Buffer.from(input);
        let decided: ReturnType<typeof readProxyHeader> = 'incomplete';
        for (let length = 0; length <= bytes.length; length++) {
          const found = readProxyHeader(bytes.subarray(0, length));
          if (decided !== 'incomplete') expect(found).toEqual(decided);
          decided = found;
          if (typeof found === 'object') expect(found.bytes).toBeLessThanOrEqual(length);
        }
      }),
      runs(300),
    );
  });

  test('in a header name the client that the proxy meant', () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(address, fc.nat(65_535), fc.uint8Array({ maxLength: 99 }), (v6, port, more) => {
        const ports = [port >> 8, port & 0xff, 0, 1];
        const binary = binaryProxyHeader(0x21, 0x21, [...v6, ...v6, ...ports, ...more]);
        const groups = Buffer.from(v6).toString('hex').match(/..../g)!.join(':');
        const line = text(`PROXY TCP6 ${groups} ${groups} ${port} 1\r\n`);
        const one = readProxyHeader(line);
        const two = readProxyHeader(binary);
        expect(two).toMatchObject({ bytes: binary.length, client: expect.any(String) });
        expect(one).toEqual({ ...(two as object), bytes: line.length });
      }),
      runs(300),
    );
  });
});

/** Each beginning of a header is nothing but that. */
function expectBeginnings(bytes: Buffer): void {
  for (let length = 0; length < bytes.length; length++) {
    expect(readProxyHeader(bytes.subarray(0, length))).toBe('incomplete');
  }
}
