import type { Signals, SignalValue } from '@odograph/kernel/signal';
import { readBits, writeBits } from './bits.ts';
import { ByteReader, corrupt } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readNumbers, writeNumbers } from './numbers.ts';
import { readTexts, writeTexts } from './texts.ts';

/** The values of one kind and one name. A name with values of two kinds has two columns. */
interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** Whether each row has a value in this column. */
  readonly isPresent: boolean[];
  /** The values of the rows with one, in order. */
  readonly values: SignalValue[];
}

/** The index of a kind is its code. */
const KINDS = ['boolean', 'number', 'string'] as const;
type Kind = (typeof KINDS)[number];

/** Writes the signals of all rows as columns by name and kind. A reader can skip each column. */
export function writeColumns(writer: ByteWriter, rows: readonly Signals[]): void {
  const columns = columnsOf(rows);
  writer.varint(columns.length);
  for (const { name, kind, isPresent, values } of columns) {
    writer.text(name);
    writer.byte(KINDS.indexOf(kind));
    const content = new ByteWriter();
    writeBits(content, isPresent);
    writeValues(content, kind, values);
    writer.varint(content.written().length);
    writer.bytes(content.written());
  }
}

/** Reads the signals of `rowCount` rows, only those with these names if given. */
export function readColumns(reader: ByteReader, rowCount: number, only?: ReadonlySet<string>): Signals[] {
  const rows = Array.from({ length: rowCount }, (): Record<string, SignalValue> => ({}));
  for (let left = reader.count(3); left > 0; left -= 1) {
    const name = reader.text();
    const kind = KINDS[reader.byte()];
    const content = reader.bytes(reader.varint());
    if (kind === undefined) throw corrupt(`signal ${name} has an unknown kind`);
    if (only === undefined || only.has(name)) readInto(rows, name, kind, new ByteReader(content));
  }
  return rows;
}

function columnsOf(rows: readonly Signals[]): readonly Column[] {
  const byKind = { boolean: new Map(), number: new Map(), string: new Map() } as Record<
    Kind,
    Map<string, Column>
  >;
  for (let row = 0; row < rows.length; row += 1) {
    const signals = rows[row] as Signals;
    for (const name of Object.keys(signals)) {
      const value = signals[name] as SignalValue;
      const kind = typeof value as Kind;
      let column = byKind[kind].get(name);
      if (column === undefined) {
        column = { name, kind, isPresent: new Array<boolean>(rows.length).fill(false), values: [] };
        byKind[kind].set(name, column);
      }
      column.isPresent[row] = true;
      column.values.push(value);
    }
  }
  return KINDS.flatMap((kind) => [...byKind[kind].values()].sort((a, b) => (a.name < b.name ? -1 : 1)));
}

function writeValues(writer: ByteWriter, kind: Kind, values: readonly SignalValue[]): void {
  if (kind === 'boolean') writeBits(writer, values as readonly boolean[]);
  else if (kind === 'number') writeNumbers(writer, values as readonly number[]);
  else writeTexts(writer, values as readonly string[]);
}

function readValues(reader: ByteReader, kind: Kind, count: number): readonly SignalValue[] {
  if (kind === 'boolean') return readBits(reader, count);
  return kind === 'number' ? readNumbers(reader, count) : readTexts(reader, count);
}

function readInto(rows: Record<string, SignalValue>[], name: string, kind: Kind, reader: ByteReader): void {
  const isPresent = readBits(reader, rows.length);
  const values = readValues(reader, kind, isPresent.filter(Boolean).length);
  let next = 0;
  for (let row = 0; row < rows.length; row += 1) {
    if (isPresent[row]) (rows[row] as Record<string, SignalValue>)[name] = values[next++] as SignalValue;
  }
  if (reader.remaining() > 0) throw corrupt(`signal ${name} has extra bytes at the end`);
}
