/** As much protobuf as a load generator needs; independent of the server's codecs. */

/** `number`: varint, `string` and `Buffer`: length-delimited. */
export type FieldValue = number | string | Buffer;

/** One encoded message from its fields, in the given order. */
export function encodeMessage(...fields: (readonly [number: number, value: FieldValue])[]): Buffer {
  return Buffer.concat(fields.flatMap(([number, value]) => encodeField(number, value)));
}

function encodeField(number: number, value: FieldValue): Buffer[] {
  if (typeof value === 'number') return [encodeVarint(number * 8), encodeVarint(value)];
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return [encodeVarint(number * 8 + 2), encodeVarint(bytes.length), bytes];
}

/** Negative numbers take the ten bytes of a 64-bit two's complement, as int32 does. */
function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** Walks over the fields of one message without copying anything. */
export class FieldReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  /** Number of the current field. */
  number = 0;
  /** Value of a varint field; exact up to 2^53. */
  value = 0;
  /** Where a length-delimited field lies; `start === end` for the others. */
  start = 0;
  end = 0;

  open(bytes: Buffer, start = 0, end = bytes.length): this {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    return this;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.number = Math.floor(tag / 8);
    this.value = 0;
    this.start = this.end = this.#at;
    switch (tag % 8) {
      case 0:
        this.value = this.#varint();
        break;
      case 1:
        this.#at += 8;
        break;
      case 2: {
        const length = this.#varint();
        this.start = this.#at;
        this.end = this.#at += length;
        break;
      }
      case 5:
        this.#at += 4;
        break;
      default:
        throw new Error(`protobuf wire type ${tag % 8} in field ${this.number}`);
    }
    if (this.#at > this.#end) throw new Error(`protobuf field ${this.number} is cut off`);
    return true;
  }

  text(): string {
    return this.#bytes.toString('utf8', this.start, this.end);
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || this.#at > this.#end) throw new Error('protobuf: varint cut off');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}
