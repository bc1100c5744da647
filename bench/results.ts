/** What came out of all runs, and how it is shown. */
import type { Figure } from './scenario.ts';
import { type ServerName, SERVER_NAMES } from './servers/contender.ts';
import { BARE_CALL_MICROS, boundHere, isMet } from './targets.ts';

/** One figure of one scenario, from every server and every repetition. */
interface Row {
  readonly scenario: string;
  readonly figure: string;
  readonly unit: Figure['unit'];
  readonly target?: Figure['target'];
  readonly values: Map<ServerName, number[]>;
}

export interface Problem {
  readonly scenario: string;
  readonly server: ServerName;
  readonly what: string;
}

/** `here`: of the target as this machine's speed makes it, where that says something else. */
type Verdict = 'met' | 'missed' | 'met here' | 'missed here';

export class Results {
  readonly #rows: Row[] = [];
  readonly problems: Problem[] = [];
  /** What a bare unary call of grpc-js took here, each time that it was measured. */
  readonly bareCallMicros: number[] = [];

  add(scenario: string, server: ServerName, figures: readonly Figure[]): void {
    for (const { name, value, unit, target } of figures) {
      let row = this.#rows.find((known) => known.scenario === scenario && known.figure === name);
      if (row === undefined) {
        const goal = target === undefined ? {} : { target };
        row = { scenario, figure: name, unit, ...goal, values: new Map() };
        this.#rows.push(row);
      }
      const values = row.values.get(server);
      if (values === undefined) row.values.set(server, [value]);
      else values.push(value);
    }
  }

  /** The figures of one server in one scenario, each in a line. */
  of(scenario: string, server: ServerName): string[] {
    return this.#rows
      .filter((row) => row.scenario === scenario && row.values.has(server))
      .map(({ figure, values, unit }) => `${figure}: ${showAll(values.get(server) ?? [], unit)}`);
  }

  /** The same as `table()` says, for programs; the problems with it. */
  json(): string {
    const rows = this.#rows.map(({ values, ...row }) => ({
      ...row,
      boundHere: row.target && this.#boundHere(row.target),
      servers: Object.fromEntries([...values].map(([name, all]) => [name, summary(all)])),
      ratios: Object.fromEntries(SERVER_NAMES.map((name) => [name, ratio(values, name)])),
      verdict: this.#verdict({ ...row, values }),
    }));
    const bareCallMicros = summary(this.bareCallMicros);
    return JSON.stringify({ bareCallMicros, rows, problems: this.problems }, undefined, 2);
  }

  table(): string {
    const servers = SERVER_NAMES.filter((name) =>
      this.#rows.some(({ values }) => values.has(name)),
    );
    const hasHere = this.#bareCall() !== undefined;
    const columns = servers.flatMap((name, index) => (index === 0 ? [name] : [name, 'ratio']));
    const head = ['scenario', 'figure', 'target', ...(hasHere ? ['here'] : []), ...columns, ''];
    const body = this.#rows.map((row, index) => {
      const { target, unit, values } = row;
      return [
        this.#rows[index - 1]?.scenario === row.scenario ? '' : row.scenario,
        row.figure,
        target === undefined ? '' : bound(target, target.bound, unit),
        ...(hasHere ? [target?.scales ? bound(target, this.#boundHere(target), unit) : ''] : []),
        ...servers.flatMap((name, column) => {
          const shown = showAll(values.get(name) ?? [], unit);
          return column === 0 ? [shown] : [shown, ratio(values, name)?.toFixed(2) ?? ''];
        }),
        this.#verdict(row) ?? '',
      ];
    });
    return `${aligned([head, ...body])}${this.#note()}`;
  }

  /** The line that says what `here` is. */
  #note(): string {
    const bareCall = this.#bareCall();
    if (bareCall === undefined) return '';
    const took = showAll(this.bareCallMicros, 'µs');
    const factor = (bareCall / BARE_CALL_MICROS).toFixed(2);
    return [
      `\n\nhere: a bare unary call of grpc-js took ${took}, not the ${BARE_CALL_MICROS} µs that`,
      `the targets are set for, so times × ${factor} and rates ÷ ${factor}`,
    ].join(' ');
  }

  #bareCall(): number | undefined {
    return summary(this.bareCallMicros)?.median;
  }

  #boundHere(target: NonNullable<Figure['target']>): number {
    return boundHere(target, this.#bareCall() ?? BARE_CALL_MICROS);
  }

  /** By the median of Sluice's first transport; undefined without a target or a figure. */
  #verdict({ target, values }: Omit<Row, 'scenario' | 'figure' | 'unit'>): Verdict | undefined {
    const name = SERVER_NAMES.find((candidate) => values.has(candidate));
    const ours = summary((name && values.get(name)) ?? []);
    if (target === undefined || ours === undefined || name === 'peer') return undefined;
    const met = isMet(target, target.bound, ours.median);
    const metHere = isMet(target, this.#boundHere(target), ours.median);
    if (met === metHere) return met ? 'met' : 'missed';
    return metHere ? 'met here' : 'missed here';
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
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const upper = sorted[Math.floor(sorted.length / 2)];
  if (min === undefined || max === undefined) return undefined;
  if (lower === undefined || upper === undefined) return undefined;
  return { min, median: (lower + upper) / 2, max };
}

/** Of the medians, the first server's ÷ that one's. */
function ratio(values: Row['values'], name: ServerName): number | undefined {
  const first = SERVER_NAMES.find((candidate) => values.has(candidate));
  if (first === undefined || first === name) return undefined;
  const [ours, theirs] = [summary(values.get(first) ?? []), summary(values.get(name) ?? [])];
  if (ours === undefined || theirs === undefined || theirs.median === 0) return undefined;
  return ours.median / theirs.median;
}

function bound({ is }: { is: 'max' | 'min' }, value: number, unit: Figure['unit']): string {
  return `${is === 'max' ? '≤' : '≥'} ${show(value, unit)}`;
}

/** The median, or min / median / max when there is more than one value. */
function showAll(values: readonly number[], unit: Figure['unit']): string {
  const of = summary(values);
  if (of === undefined) return '';
  if (values.length === 1) return show(of.median, unit);
  const [min, max] = [show(of.min, ''), show(of.max, unit)];
  return `${min} / ${show(of.median, '')} / ${max}`;
}

/** A figure with its unit, three digits or so. */
function show(value: number, unit: Figure['unit']): string {
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
