import { type ByteReader, corrupt } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { MAX_INTEGER, readIntegers, writeIntegers } from './integers.ts';

/** Decimal places that a column may have; one place more says that its numbers are written as 64-bit floats. */
const MAX_PLACES = 7;
const AS_FLOATS = MAX_PLACES + 1;

const POWERS_OF_TEN = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7];

/**
 * A column of finite numbers. Where each is a decimal fraction of few places it is written as an integer,
 * if it comes back to the bit; else all are written as 64-bit floats.
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

/** Reads so many numbers as {@link writeNumbers} wrote. */
export function readNumbers(reader: ByteReader, count: number): number[] {
  const places = reader.byte();
  if (places > AS_FLOATS) throw corrupt(`no number has ${places} decimal places`);
  if (places === AS_FLOATS) return readFloats(reader, count);
  const power = POWERS_OF_TEN[places] as number;
  return readIntegers(reader, count).map((integer) => integer / power);
}

/** The fewest decimal places with which every value comes back to the bit, or {@link AS_FLOATS}. */
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
    if (!Number.isFinite(value)) throw corrupt(`a signal cannot be ${value}`);
    return value;
  });
}
