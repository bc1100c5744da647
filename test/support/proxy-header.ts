const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A PROXY header of version 2, right or wrong. */
export function binaryProxyHeader(
  command: number,
  family: number,
  rest: readonly number[],
): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rest.length);
  return Buffer.concat([SIGNATURE, Buffer.of(command, family), length, Buffer.from(rest)]);
}
