/** What was made of keys that come again and again, such as names and peers, up to a bound. */
export class Kept<Key, Value> {
  readonly #max: number;
  readonly #make: (key: Key) => Value;
  readonly #values = new Map<Key, Value>();

  /** With `max` keys it begins anew. */
  constructor(max: number, make: (key: Key) => Value) {
    this.#max = max;
    this.#make = make;
  }

  /** @throws what `make` throws; then nothing is kept */
  get(key: Key): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = this.#make(key);
    if (this.#values.size >= this.#max) this.#values.clear();
    this.#values.set(key, value);
    return value;
  }
}
