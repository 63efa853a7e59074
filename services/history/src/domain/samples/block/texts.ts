import { type ByteReader, corrupt } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { distinct } from './distinct.ts';
import { readIntegers, writeIntegers } from './integers.ts';

/** Writes a column of texts: the distinct texts in order of first appearance, then the index of each value. */
export function writeTexts(writer: ByteWriter, values: readonly string[]): void {
  const { items, indices } = distinct(values, (text) => text);
  writer.varint(items.length);
  for (const text of items) writer.text(text);
  writeIntegers(writer, indices);
}

/** Reads `count` texts that {@link writeTexts} wrote. */
export function readTexts(reader: ByteReader, count: number): string[] {
  const texts = Array.from({ length: reader.count(1) }, () => reader.text());
  return readIntegers(reader, count).map((index) => {
    const text = texts[index];
    if (text === undefined) throw corrupt(`it has no text ${index}`);
    return text;
  });
}
