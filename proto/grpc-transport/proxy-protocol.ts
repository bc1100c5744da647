/**
 * The PROXY protocol: how a load balancer says, ahead of all that a client sends, whose connection
 * it passes on. Versions 1 and 2; https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt
 *
 *   v1:  "PROXY" SP ("TCP4" / "TCP6") SP source SP destination SP port SP port CRLF
 *        "PROXY" SP "UNKNOWN" anything CRLF               at most 107 bytes
 *   v2:  signature[12]  version and command[1]  family and protocol[1]  length[2]
 *        then of that length: source, destination, port[2], port[2], and TLVs, which are skipped
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { LISTEN } from '#lib/limits';

/** Whole, or what is wrong with it; `incomplete` is the beginning of a header. */
export type ProxyHeader = CompleteHeader | 'incomplete' | 'malformed';

interface CompleteHeader {
  /** Its length; what follows is the client's. */
  readonly bytes: number;
  /** `address:port` of the client; undefined where the proxy speaks for itself or does not know. */
  readonly client: string | undefined;
}

const TEXT_SIGNATURE = Buffer.from('PROXY ');
const TEXT_BYTES_MAX = 107;
const LINE_END = '\r\n';
const PORT = /^(0|[1-9]\d{0,4})$/;
const PORT_MAX = 65_535;

const BINARY_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const COMMAND_AT = 12;
const FAMILY_AT = 13;
const LENGTH_AT = 14;
const ADDRESSES_AT = 16;
const LOCAL = 0x20;
const PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;

/** Bytes of both addresses and ports, by family: none, IPv4, IPv6, UNIX. */
const ADDRESSES_BYTES = [0, 12, 36, 216] as const;
/** None, stream, datagram. */
const PROTOCOL_MAX = 2;

/** Reads the header that `bytes` begin with. Not one of its values is believed to be a length. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (beginsAs(bytes, BINARY_SIGNATURE)) return readBinary(bytes);
  if (beginsAs(bytes, TEXT_SIGNATURE)) return readText(bytes);
  return 'malformed';
}

/** The signature, or as much of it as there can be yet. */
function beginsAs(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, length, 0, length) === 0;
}

function readText(bytes: Buffer): ProxyHeader {
  const line = bytes.toString('latin1', 0, TEXT_BYTES_MAX);
  const end = line.indexOf(LINE_END);
  if (end === -1) return line.length < TEXT_BYTES_MAX ? 'incomplete' : 'malformed';
  const header = { bytes: end + LINE_END.length, client: undefined };
  const [protocol, ...fields] = line.slice(TEXT_SIGNATURE.length, end).split(' ');
  if (protocol === 'UNKNOWN') return header;
  const [source = '', destination = '', port = '', destinationPort = ''] = fields;
  const isAddress = protocol === 'TCP4' ? isIPv4 : isPlainIPv6;
  const isGood =
    (protocol === 'TCP4' || protocol === 'TCP6') &&
    fields.length === 4 &&
    [source, destination].every(isAddress) &&
    [port, destinationPort].every(isPort);
  if (!isGood) return 'malformed';
  return { ...header, client: `${protocol === 'TCP4' ? source : shortened(source)}:${port}` };
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= PORT_MAX;
}

/** Without a zone, which means nothing on another machine. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function readBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < ADDRESSES_AT) return 'incomplete';
  const command = bytes[COMMAND_AT];
  const length = bytes.readUInt16BE(LENGTH_AT);
  const end = ADDRESSES_AT + length;
  if (end > LISTEN.proxyHeaderBytesMax) return 'malformed';
  if (command !== LOCAL && command !== PROXY) return 'malformed';
  if (command === PROXY && !isPlausible(bytes.readUInt8(FAMILY_AT), length)) return 'malformed';
  if (bytes.length < end) return 'incomplete';
  return { bytes: end, client: command === PROXY ? binaryClient(bytes) : undefined };
}

/** A family and a protocol that there are, and room for the addresses. */
function isPlausible(family: number, length: number): boolean {
  const addressesBytes = ADDRESSES_BYTES[family >> 4];
  if (addressesBytes === undefined || (family & 0x0f) > PROTOCOL_MAX) return false;
  return length >= addressesBytes;
}

/** Undefined for what is not TCP: a receiver that does not know it takes it as unknown. */
function binaryClient(bytes: Buffer): string | undefined {
  const family = bytes[FAMILY_AT];
  if (family === TCP4) {
    const source = bytes.subarray(ADDRESSES_AT, ADDRESSES_AT + 4);
    return `${source.join('.')}:${bytes.readUInt16BE(ADDRESSES_AT + 8)}`;
  }
  if (family !== TCP6) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) =>
    bytes.readUInt16BE(ADDRESSES_AT + 2 * index).toString(16),
  );
  return `${shortened(groups.join(':'))}:${bytes.readUInt16BE(ADDRESSES_AT + 32)}`;
}

/** An IPv6 address as a socket spells it: the longest run of zeros left out. */
function shortened(address: string): string {
  return new SocketAddress({ family: 'ipv6', address }).address;
}
