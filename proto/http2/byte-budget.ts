/** How many bytes may be kept for something: of one connection, and of all. */
export class ByteBudget {
  readonly #bytesMax: number;
  #all: ByteBudget | undefined;
  #bytes = 0;

  /** `all` is what the budget is a part of. */
  constructor(bytesMax: number, all?: ByteBudget) {
    this.#bytesMax = bytesMax;
    this.#all = all;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Returns false when there is no room for so many, here or in all. */
  take(bytes: number): boolean {
    if (!this.hasRoomFor(bytes)) return false;
    if (this.#all && !this.#all.take(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
    this.#all?.give(bytes);
  }

  /** By its own bound. */
  hasRoomFor(bytes: number): boolean {
    return this.#bytes + bytes <= this.#bytesMax;
  }

  /** Whoever has it is on the way out: what it still keeps counts no more in all. */
  detach(): void {
    this.#all?.give(this.#bytes);
    this.#all = undefined;
  }
}
