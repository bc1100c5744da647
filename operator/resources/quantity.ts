/**
 * Quantities as the API server writes them: it takes `1000m` and gives back `1`, so that what was
 * applied would never be what is there.
 */

const DECIMAL = ['m', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

const QUANTITY = /^(\d+)(?:\.(\d+))?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;
const MILLI = 1000n;
/** The API server has no larger one of those with a binary suffix. */
const MILLIS_MAX = (2n ** 63n - 1n) * MILLI;

/** The canonical form of a quantity that the schema let through. */
export function canonicalQuantity(text: string): string {
  const { millis, isBinary } = parse(text);
  const units = millis / MILLI;
  // What is below the smallest binary unit, or no whole number, is written as a decimal.
  const staysBinary = isBinary && millis % MILLI === 0n && units >= 1024n;
  return staysBinary ? written(units, 1024n, BINARY) : written(millis, 1000n, DECIMAL);
}

/** For comparing: in thousandths. */
export function quantityValue(text: string): bigint {
  return parse(text).millis;
}

function parse(text: string): { millis: bigint; isBinary: boolean } {
  const match = QUANTITY.exec(text);
  if (!match) throw new Error(`${JSON.stringify(text)} is no quantity`);
  const [, whole = '', fraction = '', suffix = ''] = match;
  const power = (BINARY as readonly string[]).indexOf(suffix);
  const isBinary = power > 0;
  const unit = isBinary ? MILLI * 1024n ** BigInt(power) : decimalUnit(suffix);
  const divisor = 10n ** BigInt(fraction.length);
  // Rounded up to the next thousandth, as the API server does with resources.
  const millis = (BigInt(whole + fraction) * unit + divisor - 1n) / divisor;
  return { millis: isBinary && millis > MILLIS_MAX ? MILLIS_MAX : millis, isBinary };
}

function decimalUnit(suffix: string): bigint {
  return 1000n ** BigInt((DECIMAL as readonly string[]).indexOf(suffix));
}

/** With the largest suffix that leaves a whole number; the number is in the first suffix. */
function written(amount: bigint, base: bigint, suffixes: readonly string[]): string {
  if (amount === 0n) return '0';
  let left = amount;
  let index = 0;
  while (left % base === 0n && index < suffixes.length - 1) {
    left /= base;
    index++;
  }
  return `${left}${suffixes[index]}`;
}
