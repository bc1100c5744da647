/** One header list, in the order in which it came. Nobody may change it: blocks share it. */
export class HeaderFields {
  /** Name, value, name, value …, as latin1 text; names as they came. Empty if `tooLarge`. */
  readonly fields: readonly string[];
  /** Names and values with 32 bytes for each field. RFC 9113 6.5.2 */
  readonly bytes: number;
  /** There was more than the decoder's limits allow; nothing of it was kept. */
  readonly tooLarge: boolean;

  constructor(fields: readonly string[], bytes: number, tooLarge: boolean) {
    this.fields = fields;
    this.bytes = bytes;
    this.tooLarge = tooLarge;
  }

  /** What of it there is to be kept. */
  get keptBytes(): number {
    return this.tooLarge ? 0 : this.bytes;
  }

  /** The first value of that name, or '' when there is none. */
  get(name: string): string {
    return this.find(name) ?? '';
  }

  find(name: string): string | undefined {
    const { fields } = this;
    for (let index = 0; index < fields.length; index += 2) {
      if (fields[index] === name) return fields[index + 1];
    }
    return undefined;
  }
}
