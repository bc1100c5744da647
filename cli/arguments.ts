/** Values of options and arguments, checked while the command line is read. */
import { InvalidArgumentError } from 'commander';
import { DAY, HOUR, MINUTE, SECOND } from '#lib/units';

/** For commander: a whole number in a range, in a message that says the range. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Allowed: a whole number from ${min} to ${max}.`);
  };
}

/** For commander: a list of such numbers, with commas between them. */
export function wholeNumbers(min: number, max: number, countMax: number) {
  const parse = wholeNumber(min, max);
  return (text: string): readonly number[] => {
    const parts = text.split(',');
    if (parts.length <= countMax) return parts.map(parse);
    throw new InvalidArgumentError(`Allowed: at most ${countMax} numbers.`);
  };
}

/** As `wholeNumber`, with fractions. */
export function realNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Allowed: a number from ${min} to ${max}.`);
  };
}

/** For commander: a point in time as ISO 8601 has it, with its zone, as milliseconds. */
export function timestamp(text: string): number {
  const ms = isoMs(text);
  if (ms >= 0) return ms;
  throw new InvalidArgumentError('Allowed: a time with its zone, such as 2026-01-31T18:00:00Z.');
}

/** As `wholeNumber`, for an option that may come several times. */
export function collectWholeNumber(min: number, max: number) {
  const parse = wholeNumber(min, max);
  return (text: string, earlier: readonly number[] = []): readonly number[] => [
    ...earlier,
    parse(text),
  ];
}

/** As `timestamp`, or how long ago it was. */
export function pastTime(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const ms = count === undefined ? isoMs(text) : Date.now() - Number(count) * (UNITS[unit] ?? 0);
  if (ms >= 0) return ms;
  throw new InvalidArgumentError(
    'Allowed: a time with its zone, such as 2026-01-31T18:00:00Z, or how long ago, such as 90s, ' +
      '15m, 2h or 3d.',
  );
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function isoMs(text: string): number {
  return ISO.test(text) ? Date.parse(text) : Number.NaN;
}

/** For an option that may come several times. */
export function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/** For `--property NAME=VALUE`, several times. */
export function collectProperty(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Allowed: NAME=VALUE.');
  return { ...earlier, [text.slice(0, equals)]: text.slice(equals + 1) };
}
