import { type ByteReader, corrupt } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { MAX_INTEGER, readIntegers, writeIntegers } from './integers.ts';

/** The maximum number of decimal places of a column. One more means that its numbers are 64-bit floats. */
const MAX_PLACES = 7;
const AS_FLOATS = MAX_PLACES + 1;

const POWERS_OF_TEN = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7];

/**
 * Writes a column of finite numbers. If every number is a decimal fraction with few places, they are written as integers
 * and read back exactly; otherwise they are written as 64-bit floats.
 */
export function writeNumbers(writer: ByteWriter, values: readonly number[]): void {
  const places = placesOf(values);
  writer.byte(places);
  if (places === AS_FLOATS) for (const value of values) writer.float64(value);
  else
    writeIntegers(
      writer,
      values.map((value) => scaled(value, places)),
    );
}

/** Reads `count` numbers that {@link writeNumbers} wrote. */
export function readNumbers(reader: ByteReader, count: number): number[] {
  const places = reader.byte();
  if (places > AS_FLOATS)
    throw corrupt(`a column has ${places} decimal places, the maximum is ${MAX_PLACES}`);
  if (places === AS_FLOATS) return readFloats(reader, count);
  const power = POWERS_OF_TEN[places] as number;
  return readIntegers(reader, count).map((integer) => integer / power);
}

/** The smallest number of decimal places with which every value is read back exactly, or {@link AS_FLOATS}. */
function placesOf(values: readonly number[]): number {
  let places = 0;
  for (const value of values) {
    while (places < AS_FLOATS && !isExact(value, places)) places += 1;
  }
  const isExactForAll = places < AS_FLOATS && values.every((value) => isExact(value, places));
  return isExactForAll ? places : AS_FLOATS;
}

/** Minus zero is not exact: as an integer it would lose its sign. */
function isExact(value: number, places: number): boolean {
  const integer = scaled(value, places);
  const isSame = integer / (POWERS_OF_TEN[places] as number) === value && !Object.is(value, -0);
  return isSame && Math.abs(integer) <= MAX_INTEGER;
}

function scaled(value: number, places: number): number {
  return Math.round(value * (POWERS_OF_TEN[places] as number));
}

function readFloats(reader: ByteReader, count: number): number[] {
  return Array.from({ length: count }, () => {
    const value = reader.float64();
    if (!Number.isFinite(value)) throw corrupt(`a signal has the value ${value}`);
    return value;
  });
}
