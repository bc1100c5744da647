/** Results go to standard output, in the form that was asked for with -o. */
import { stringify } from 'yaml';

export const OUTPUTS = ['table', 'json', 'yaml'] as const;
export type Output = (typeof OUTPUTS)[number];

/** One result in both forms. */
export interface Report {
  /** For json and yaml. */
  readonly data: unknown;
  /** For people. */
  readonly text: () => string;
}

export function render({ data, text }: Report, output: Output): string {
  switch (output) {
    case 'json':
      return `${JSON.stringify(data, undefined, 2)}\n`;
    case 'yaml':
      return stringify(data, { aliasDuplicateObjects: false });
    case 'table':
      return text();
  }
}

export function timeText(ms: number | undefined): string {
  return ms === undefined || ms === 0 ? '' : new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** 1536 is 1.5 KiB. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** `3 d 4 h`, `2 h 5 min`, `12 s` */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0 s';
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ');
}
