import { visible } from '@odograph/kernel/visible';
import { padTo, widthOf } from './width.ts';

const BETWEEN = '  ';

interface TableOptions {
  /** In columns of a terminal. Default: no limit. */
  readonly maxWidth?: number;
  /** The columns that are left out if the table is too wide, by their heads, the first one first. Default: none. */
  readonly yielding?: readonly string[];
}

/** A text table without borders, as wide as its content. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { maxWidth = Number.POSITIVE_INFINITY, yielding = [] }: TableOptions = {},
): string {
  const lines = [head, ...rows.map((cells) => cells.map(visible))];
  const widths = head.map((_, column) =>
    lines.reduce((widest, cells) => Math.max(widest, widthOf(cells[column] ?? '')), 0),
  );
  let columns = [...head.keys()];
  for (const name of yielding) {
    const widthOfAll = columns.reduce((sum, column) => sum + (widths[column] ?? 0) + BETWEEN.length, 0);
    if (widthOfAll - BETWEEN.length <= maxWidth) break;
    columns = columns.filter((column) => head[column] !== name);
  }
  const inLine = (cells: readonly string[]) =>
    columns.map((column) => padTo(widths[column] ?? 0, cells[column] ?? '')).join(BETWEEN);
  return lines.map((cells) => inLine(cells).trimEnd()).join('\n');
}
