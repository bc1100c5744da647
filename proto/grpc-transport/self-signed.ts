/**
 * A self-signed certificate: an X.509 v3 structure (RFC 5280) around what node:crypto signs. The
 * libraries for it bring about twenty packages; what is needed here is a dozen DER values.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';

export interface SelfSignedOptions {
  /** Host names and IP addresses to be valid for; the first is also the subject's common name. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Certificate and private key (ECDSA P-256) as PEM. Throws TypeError without a name. */
export function createSelfSigned({ names, notBefore, notAfter }: SelfSignedOptions): {
  cert: string;
  key: string;
} {
  const [commonName] = names;
  if (!commonName) throw new TypeError('a certificate needs at least one name');
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(COMMON_NAME, der(UTF8_STRING, Buffer.from(commonName)))));
  const unsigned = sequence(
    der(context(0), integer(Buffer.of(2))), // v3
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(context(3), sequence(...extensions(names))),
  );
  const signature = sign('sha256', unsigned, privateKey);
  return {
    cert: pem('CERTIFICATE', sequence(unsigned, ECDSA_WITH_SHA256, bitString(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
/** Tags of a general name: a DNS name and an IP address. */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

const SERIAL_BYTES = 16;

const TRUE = der(BOOLEAN, Buffer.of(0xff));
const ECDSA_WITH_SHA256 = sequence(objectId('2a8648ce3d040302'));
const COMMON_NAME = objectId('550403');
const BASIC_CONSTRAINTS = objectId('551d13');
const SUBJECT_ALTERNATIVE_NAME = objectId('551d11');
const EXTENDED_KEY_USAGE = objectId('551d25');
const SERVER_AUTHENTICATION = objectId('2b06010505070301');

function extensions(names: readonly string[]): Buffer[] {
  // An authority, so that a client may take the certificate itself for its trusted root.
  return [
    sequence(BASIC_CONSTRAINTS, TRUE, der(OCTET_STRING, sequence(TRUE))),
    sequence(EXTENDED_KEY_USAGE, der(OCTET_STRING, sequence(SERVER_AUTHENTICATION))),
    sequence(SUBJECT_ALTERNATIVE_NAME, der(OCTET_STRING, sequence(...names.map(generalName)))),
  ];
}

function generalName(name: string): Buffer {
  return isIP(name) ? der(IP_ADDRESS, addressBytes(name)) : der(DNS_NAME, Buffer.from(name));
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // The URL parser knows every way to write an IPv6 address, and answers with hexadecimal groups.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = groups.split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const hex = [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('');
  return Buffer.from(hex, 'hex');
}

/** Positive, and random enough that no two certificates share it. */
function serialNumber(): Buffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  // Until 2049 RFC 5280 wants the short form.
  return date.getUTCFullYear() < 2050
    ? der(UTC_TIME, Buffer.from(text.slice(2)))
    : der(GENERALIZED_TIME, Buffer.from(text));
}

function context(number: number): number {
  return 0xa0 | number;
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(SEQUENCE, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return der(SET, Buffer.concat(parts));
}

function integer(bytes: Buffer): Buffer {
  return der(INTEGER, bytes);
}

function bitString(bytes: Buffer): Buffer {
  return der(BIT_STRING, Buffer.concat([Buffer.of(0), bytes]));
}

function objectId(hex: string): Buffer {
  return der(OBJECT_IDENTIFIER, Buffer.from(hex, 'hex'));
}

/** Tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag, ...lengthBytes(content.length)), content]);
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
