import { visible } from './visible.ts';

const BETWEEN = '  ';

/** A text table without borders, as wide as its content. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows.map((cells) => cells.map(visible))];
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(BETWEEN)
        .trimEnd(),
    )
    .join('\n');
}
