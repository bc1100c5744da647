/** Lines of aligned cells, as a tree, and in colour where a terminal reads them. */
import { printable, textWidth } from '#cli/table';

export type Tone = 'plain' | 'good' | 'bad' | 'weak';

export interface Toned {
  readonly text: string;
  readonly tone: Tone;
}

/** Undefined and empty take their column's room. */
export type TreeCell = string | Toned | undefined;

export interface TreeNode {
  /** Aligned with those of its brothers. */
  readonly cells: readonly TreeCell[];
  readonly children?: readonly TreeNode[];
}

const GAP = '  ';

const COLOURS: Readonly<Record<Tone, string>> = {
  plain: '',
  good: '\u001b[32m',
  bad: '\u001b[31m',
  weak: '\u001b[2m',
};
const RESET = '\u001b[0m';

/** Each root with its children below it, and a line feed at the end of each line. */
export function treeText(roots: readonly TreeNode[], isColoured: boolean): string {
  return roots
    .map((root) => {
      const head = `${rowText(root.cells, [], isColoured)}\n`;
      return head + childrenText(root.children ?? [], '', isColoured);
    })
    .join('');
}

function childrenText(children: readonly TreeNode[], indent: string, isColoured: boolean): string {
  const widths = widthsOf(children.map(({ cells }) => cells));
  return children
    .map(({ cells, children: inner = [] }, index) => {
      const isLast = index === children.length - 1;
      const row = rowText(cells, widths, isColoured);
      const below = childrenText(inner, `${indent}${isLast ? '   ' : '│  '}`, isColoured);
      return `${indent}${isLast ? '└─' : '├─'} ${row}\n${below}`;
    })
    .join('');
}

/** A line of one cell is a sentence: it stands for itself. */
function widthsOf(rows: readonly (readonly TreeCell[])[]): readonly number[] {
  const widths: number[] = [];
  for (const cells of rows) {
    if (cells.length < 2) continue;
    for (const [column, cell] of cells.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, textWidth(toned(cell).text));
    }
  }
  return widths;
}

function rowText(
  cells: readonly TreeCell[],
  widths: readonly number[],
  isColoured: boolean,
): string {
  const last = cells.findLastIndex((cell) => toned(cell).text !== '');
  const texts = cells.slice(0, last + 1).flatMap((cell, column) => {
    const width = widths[column];
    // Nobody in this column has anything to say.
    if (width === 0) return [];
    const { text, tone } = toned(cell);
    const space = column === last ? '' : ' '.repeat(Math.max(0, (width ?? 0) - textWidth(text)));
    return [paint(text, tone, isColoured) + space];
  });
  return texts.join(GAP);
}

function paint(text: string, tone: Tone, isColoured: boolean): string {
  return isColoured && tone !== 'plain' ? `${COLOURS[tone]}${text}${RESET}` : text;
}

function toned(cell: TreeCell): Toned {
  if (cell === undefined) return { text: '', tone: 'plain' };
  if (typeof cell === 'string') return { text: printable(cell), tone: 'plain' };
  return { text: printable(cell.text), tone: cell.tone };
}
