/** Random numbers from a seed, so that a failing run can be repeated: mulberry32. */
export type Random = () => number;

/** Numbers from 0 (included) to 1 (not included). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run: `SEED` of the environment, or a new one. Print it. */
export function chooseSeed(): number {
  const given = process.env['SEED'];
  return given === undefined ? Date.now() >>> 0 : Number(given) >>> 0;
}

/** An integer from 0 to `below` - 1. */
export function integer(random: Random, below: number): number {
  return Math.floor(random() * below);
}
