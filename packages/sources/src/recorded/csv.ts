import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { Fault } from '@odograph/kernel/fault';
import { CsvError, parse } from 'csv-parse/sync';
import type { SourceRow } from '../source.ts';
import type { Line } from './lines.ts';

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** Reads the cells of one row by column name, and collects the faults. */
export class Cells {
  readonly #byColumn: ReadonlyMap<string, string>;
  readonly #faults: string[] = [];

  constructor(byColumn: ReadonlyMap<string, string>) {
    this.#byColumn = byColumn;
  }

  /** The faults of the cells that were read. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** The trimmed cell; undefined if it is empty or there is no such column. */
  text(column: string): string | undefined {
    return this.#byColumn.get(column)?.trim() || undefined;
  }

  /** The cell as a decimal number; undefined if it is empty. Anything else is a fault of the row. */
  number(column: string): number | undefined {
    const text = this.text(column);
    if (text === undefined) return undefined;
    if (DECIMAL.test(text)) return Number(text);
    this.#faults.push(`${column} must be a number, found ${JSON.stringify(text.slice(0, 40))}`);
    return undefined;
  }

  /** The meaning of the cell's word; undefined if it is empty. A word that is not in the table is a fault of the row. */
  oneOf<Meaning>(column: string, table: Readonly<Record<string, Meaning>>): Meaning | undefined {
    const text = this.text(column);
    if (text === undefined) return undefined;
    if (Object.hasOwn(table, text)) return table[text];
    this.#faults.push(
      `${column} must be one of ${Object.keys(table).join(', ')}, found ${JSON.stringify(text.slice(0, 40))}`,
    );
    return undefined;
  }

  /** The cell as text; an empty one is a fault of the row. */
  required(column: string): string {
    const text = this.text(column);
    if (text === undefined) this.#faults.push(`${column} is empty`);
    return text ?? '';
  }
}

/** A row of a table: what was made of its cells, or why it cannot be read. */
export type TableRow<Value> =
  | { readonly row: number; readonly value: Value }
  | { readonly row: number; readonly unreadable: string };

/** Makes a value of a row. The cells collect the faults. */
type RowReader<Value> = (cells: Cells) => Value;

/** Reads the reports of a CSV file, see {@link readTable}. */
export async function* readCsv(
  lines: AsyncIterable<Line>,
  forColumns: (columns: readonly string[]) => RowReader<VehicleReport>,
): AsyncGenerator<SourceRow> {
  for await (const row of readTable(lines, forColumns)) {
    yield 'value' in row ? { row: row.row, report: row.value } : row;
  }
}

/**
 * Reads CSV (RFC 4180, without line breaks inside quotes: a line is a row, so a stray quote affects one row only). The
 * first line names the columns; `forColumns` throws if they are not those of its format.
 * @throws Fault INVALID_INPUT if there is no such line, or if it names a column twice.
 */
export async function* readTable<Value>(
  lines: AsyncIterable<Line>,
  forColumns: (columns: readonly string[]) => RowReader<Value>,
): AsyncGenerator<TableRow<Value>> {
  let columns: readonly string[] | undefined;
  let read: RowReader<Value> | undefined;
  for await (const line of lines) {
    const cells = 'text' in line ? cellsOf(line.text) : line.unreadable;
    if (columns && read) {
      yield toRow(line.row, columns, cells, read);
    } else {
      if (typeof cells === 'string')
        throw new Fault('INVALID_INPUT', `the first line must name the columns: ${cells}`);
      columns = cells.map((cell) => cell.trim());
      read = forColumns(columns);
      assertOnce(columns);
    }
  }
  if (!columns) throw new Fault('INVALID_INPUT', 'the file is empty: its first line must name the columns');
}

/** @throws Fault INVALID_INPUT if a column is missing. */
export function requireColumns(format: string, columns: readonly string[], needed: readonly string[]): void {
  const missing = needed.filter((column) => !columns.includes(column));
  if (missing.length === 0) return;
  throw new Fault('INVALID_INPUT', `not a ${format} file: it has no column ${missing.join(', ')}`);
}

/** Columns without a name may be there often: a spreadsheet writes them, and no format reads them. */
function assertOnce(columns: readonly string[]): void {
  const seen = new Set<string>();
  const twice = columns.find((column) => column !== '' && seen.size === seen.add(column).size);
  if (twice === undefined) return;
  const message = `column ${JSON.stringify(twice)} is there twice: remove or rename one of them`;
  throw new Fault('INVALID_INPUT', message);
}

function toRow<Value>(
  row: number,
  columns: readonly string[],
  cells: readonly string[] | string,
  read: RowReader<Value>,
): TableRow<Value> {
  if (typeof cells === 'string') return { row, unreadable: cells };
  if (cells.length !== columns.length) {
    return { row, unreadable: `found ${cells.length} cells, the header names ${columns.length}` };
  }
  const named = new Cells(new Map(columns.map((column, at) => [column, cells[at] ?? ''])));
  const value = read(named);
  return named.faults.length === 0 ? { row, value } : { row, unreadable: named.faults.join('; ') };
}

/** The cells of a line, or why it cannot be split. Most lines have no quotes and need no parser. */
function cellsOf(line: string): readonly string[] | string {
  if (!line.includes('"')) return line.split(',');
  try {
    const [cells] = parse(line, { relax_column_count: true }) as string[][];
    return cells ?? [];
  } catch (error) {
    if (error instanceof CsvError) return `the quotes do not match (${error.code})`;
    throw error;
  }
}
