const threeDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** A number as people read it: three digits, as no measure here is good for more. */
export function inThreeDigits(value: number): string {
  return threeDigits.format(value);
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Rows under headings, in columns two spaces apart; the first column reads from the left, the others end on the right. */
export function inColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)));
  return rows.map((row) => line(row).join('  ').trimEnd()).join('\n');
}
