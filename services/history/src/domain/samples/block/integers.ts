import { type ByteReader, corrupt } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

/** The largest magnitude of an integer: its second differences, up to four times as large, and a sign bit stay exact. */
export const MAX_INTEGER = 2 ** 50 - 1;

/**
 * Writes a column of integers, each at most {@link MAX_INTEGER} in magnitude: first or second differences, whichever is
 * shorter. A difference is a zigzag varint; after a 0 comes the number of further zeros.
 */
export function writeIntegers(writer: ByteWriter, values: readonly number[]): void {
  const differences = differencesOf(values);
  const once = new ByteWriter();
  once.byte(1);
  writeRuns(once, differences);
  const twice = new ByteWriter();
  twice.byte(2);
  writeRuns(twice, differencesOf(differences));
  writer.shorter(once, twice);
}

/** Reads `count` integers that {@link writeIntegers} wrote. */
export function readIntegers(reader: ByteReader, count: number): number[] {
  const order = reader.byte();
  if (order !== 1 && order !== 2) throw corrupt(`a column of integers has the unknown form ${order}`);
  const values = readRuns(reader, count);
  for (let time = 0; time < order; time += 1) sumUp(values);
  return values;
}

function writeRuns(writer: ByteWriter, differences: readonly number[]): void {
  for (let at = 0; at < differences.length; at += 1) {
    const difference = differences[at] as number;
    writer.varint(difference < 0 ? -2 * difference - 1 : 2 * difference);
    if (difference !== 0) continue;
    const first = at;
    while (differences[at + 1] === 0) at += 1;
    writer.varint(at - first);
  }
}

function readRuns(reader: ByteReader, count: number): number[] {
  const differences = new Array<number>(count).fill(0);
  for (let at = 0; at < count; at += 1) {
    const zigzag = reader.varint();
    differences[at] = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    if (zigzag === 0) at += reader.varint();
    if (at >= count) throw corrupt('it has more integers than samples');
  }
  return differences;
}

function differencesOf(values: readonly number[]): number[] {
  const differences = new Array<number>(values.length);
  let previous = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    differences[at] = value - previous;
    previous = value;
  }
  return differences;
}

function sumUp(values: number[]): void {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) {
    sum += values[at] as number;
    values[at] = sum;
  }
}
