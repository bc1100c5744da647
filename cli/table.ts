/** Aligned tables for people. What comes from messages or clients can't move the cursor. */

export type Cell = string | number | undefined;

const GAP = '  ';

/** Columns as wide as their widest cell; numbers to the right. Ends with a line feed. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [headings, ...rows.map((row) => row.map(cellText))];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => textWidth(line[column] ?? ''))),
  );
  const isNumeric = headings.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const render = (line: readonly string[]): string =>
    line
      .map((text, column) => pad(text, widths[column] ?? 0, isNumeric[column] ?? false))
      .join(GAP)
      .trimEnd();
  return `${lines.map(render).join('\n')}\n`;
}

/** Names and values of one thing, one a line. */
export function facts(entries: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...entries.map(([name]) => textWidth(name)));
  const lines = entries.map(
    ([name, value]) => `${pad(name, width, false)}${GAP}${cellText(value)}`,
  );
  return `${lines.join('\n')}\n`;
}

/** Control characters made visible: a message must not be able to steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function cellText(value: Cell): string {
  return value === undefined || value === '' ? '-' : printable(String(value));
}

function pad(text: string, width: number, toTheRight: boolean): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)));
  return toTheRight ? space + text : text + space;
}

/** Columns on a terminal: none for combining marks, two for East Asian and pictographs. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

const WIDE = new RegExp(
  [
    '[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff',
    '\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6\\u{1f300}-\\u{1faff}\\u{20000}-\\u{3fffd}]',
  ].join(''),
  'u',
);
