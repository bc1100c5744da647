/** What came out of all runs, and how it is shown. */
import type { Figure } from './scenario.ts';

/** One figure of one scenario, from every server and every repetition. */
export interface Row {
  readonly scenario: string;
  readonly figure: string;
  readonly unit: Figure['unit'];
  readonly target?: Figure['target'];
  readonly sluice: number[];
  readonly peer: number[];
}

export interface Problem {
  readonly scenario: string;
  readonly server: string;
  readonly what: string;
}

export class Results {
  readonly rows: Row[] = [];
  readonly problems: Problem[] = [];

  add(scenario: string, server: 'sluice' | 'peer', figures: readonly Figure[]): void {
    for (const { name, value, unit, target } of figures) {
      let row = this.rows.find((known) => known.scenario === scenario && known.figure === name);
      if (row === undefined) {
        const goal = target === undefined ? {} : { target };
        row = { scenario, figure: name, unit, ...goal, sluice: [], peer: [] };
        this.rows.push(row);
      }
      row[server].push(value);
    }
  }

  /** The same as `table()` says, for programs; the problems with it. */
  json(): string {
    const rows = this.rows.map((row) => ({
      ...row,
      sluice: summary(row.sluice),
      peer: summary(row.peer),
      ratio: ratio(row),
      verdict: verdict(row),
    }));
    return JSON.stringify({ rows, problems: this.problems }, undefined, 2);
  }

  table(): string {
    const head = ['scenario', 'figure', 'target', 'sluice', 'peer', 'ratio', ''];
    const body = this.rows.map((row, index) => [
      this.rows[index - 1]?.scenario === row.scenario ? '' : row.scenario,
      row.figure,
      row.target === undefined ? '' : `≤ ${show(row.target.max, row.unit)}`,
      showAll(row.sluice, row.unit),
      showAll(row.peer, row.unit),
      ratio(row)?.toFixed(2) ?? '',
      verdict(row) ?? '',
    ]);
    return aligned([head, ...body]);
  }
}

interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Undefined when there are no values. */
function summary(values: readonly number[]): Summary | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  if (min === undefined || median === undefined || max === undefined) return undefined;
  return { min, median, max };
}

/** Of the medians, Sluice ÷ peer. */
function ratio(row: Row): number | undefined {
  const [ours, theirs] = [summary(row.sluice), summary(row.peer)];
  if (ours === undefined || theirs === undefined || theirs.median === 0) return undefined;
  return ours.median / theirs.median;
}

/** By Sluice's median; undefined without a target or a figure. */
function verdict(row: Row): 'met' | 'missed' | undefined {
  const ours = summary(row.sluice);
  if (row.target === undefined || ours === undefined) return undefined;
  return ours.median <= row.target.max ? 'met' : 'missed';
}

function showAll(values: readonly number[], unit: Figure['unit']): string {
  const of = summary(values);
  if (of === undefined) return '';
  if (values.length === 1) return show(of.median, unit);
  const [min, max] = [show(of.min, ''), show(of.max, unit)];
  return `${min} / ${show(of.median, '')} / ${max}`;
}

/** A figure with its unit, three digits or so. */
export function show(value: number, unit: Figure['unit']): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 2;
  const number = value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return unit === '' ? number : `${number} ${unit}`;
}

/** Columns as wide as their widest cell; the first two are text, the others right-aligned. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          const isText = column < 2 || column === cells.length - 1;
          return isText ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
