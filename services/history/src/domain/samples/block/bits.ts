import { type ByteReader, corrupt } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

const AS_RUNS = 0;
const AS_BITMAP = 1;

/**
 * Writes a column of booleans: as lengths of alternating runs, starting with true, or as a bitmap if that is shorter.
 * A column of only true, such as a signal that every sample has, is a single run.
 */
export function writeBits(writer: ByteWriter, bits: readonly boolean[]): void {
  const runs = new ByteWriter();
  runs.byte(AS_RUNS);
  writeRunLengths(runs, bits);
  const bitmap = new ByteWriter();
  bitmap.byte(AS_BITMAP);
  for (let from = 0; from < bits.length; from += 8) bitmap.byte(eightBits(bits, from));
  writer.shorter(runs, bitmap);
}

/** Reads `count` bits that {@link writeBits} wrote. */
export function readBits(reader: ByteReader, count: number): boolean[] {
  const form = reader.byte();
  if (form === AS_RUNS) return readRunLengths(reader, count);
  if (form !== AS_BITMAP) throw corrupt(`a column of booleans has the unknown form ${form}`);
  const bytes = reader.bytes(Math.ceil(count / 8));
  return Array.from({ length: count }, (_, at) => (((bytes[at >> 3] as number) >> (at & 7)) & 1) === 1);
}

function writeRunLengths(writer: ByteWriter, bits: readonly boolean[]): void {
  let current = true;
  for (let at = 0; at < bits.length; current = !current) {
    const first = at;
    while (bits[at] === current) at += 1;
    writer.varint(at - first);
  }
}

function readRunLengths(reader: ByteReader, count: number): boolean[] {
  const bits = new Array<boolean>(count).fill(false);
  let current = true;
  for (let at = 0; at < count; current = !current) {
    const end = at + reader.varint();
    if (end > count) throw corrupt('it has more bits than samples');
    if (current) bits.fill(true, at, end);
    at = end;
  }
  return bits;
}

function eightBits(bits: readonly boolean[], from: number): number {
  let byte = 0;
  for (let bit = 0; bit < 8; bit += 1) if (bits[from + bit] === true) byte |= 1 << bit;
  return byte;
}
