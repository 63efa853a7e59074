import { compareSampleKeys, LATEST_OBSERVED_AT_MS, type RecordedSample } from '../recorded-sample.ts';
import { ByteReader, corrupt } from './block/byte-reader.ts';
import { ByteWriter } from './block/byte-writer.ts';
import { readColumns, writeColumns } from './block/columns.ts';
import { readIntegers, writeIntegers } from './block/integers.ts';
import { readReportIds, writeReportIds } from './block/report-ids.ts';

/** The maximum number of samples of a block. */
export const BLOCK_MAX_SAMPLES = 128;

/** The first byte of a block. A change of the format needs a new number here and a new version of the projection. */
const FORMAT = 1;
const CHECKSUM_BYTES = 4;

/**
 * Encodes samples, sorted by key and without duplicates, column by column: values that change little from sample to sample
 * take few bytes. The same samples give the same bytes. The database compresses them.
 */
export function encodeBlock(samples: readonly RecordedSample[]): Uint8Array {
  const writer = new ByteWriter();
  const times = samples.map(({ observedAtMs }) => observedAtMs);
  writer.byte(FORMAT);
  writer.varint(samples.length);
  writeIntegers(writer, times);
  writeReportIds(
    writer,
    samples.map(({ reportId }) => reportId),
    times,
  );
  writeColumns(
    writer,
    samples.map(({ signals }) => signals),
  );
  writer.uint32(checksum(writer.written()));
  return new Uint8Array(writer.written());
}

/**
 * The samples of a block, with only these signals if names are given.
 * @throws {Fault} CORRUPT_LOG if {@link encodeBlock} did not write these bytes.
 */
export function decodeBlock(bytes: Uint8Array, only?: ReadonlySet<string>): RecordedSample[] {
  const reader = new ByteReader(contentOf(bytes));
  if (reader.byte() !== FORMAT) throw corrupt(`its format is ${bytes[0]}, not ${FORMAT}`);
  const count = reader.varint();
  if (count > BLOCK_MAX_SAMPLES)
    throw corrupt(`it has ${count} samples, the maximum is ${BLOCK_MAX_SAMPLES}`);
  const times = readIntegers(reader, count);
  if (!times.every(isTime)) throw corrupt('it has an invalid time');
  const ids = readReportIds(reader, times);
  const rows = readColumns(reader, count, only);
  if (reader.remaining() > 0) throw corrupt('it has extra bytes at the end');
  const samples = rows.map((signals, row) => ({
    observedAtMs: times[row] as number,
    reportId: ids[row] as string,
    signals,
  }));
  if (!isSortedByKey(samples)) throw corrupt('its samples are not sorted');
  return samples;
}

/** The bytes before the checksum. Throws if the checksum is wrong. */
function contentOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= CHECKSUM_BYTES) throw corrupt('it ends too early');
  const content = bytes.subarray(0, -CHECKSUM_BYTES);
  const stored = new ByteReader(bytes.subarray(-CHECKSUM_BYTES)).uint32();
  if (stored !== checksum(content)) throw corrupt('its checksum is wrong');
  return content;
}

/** FNV-1a, 32 bits. It detects every change of a single byte, and all but one in four billion other changes. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < bytes.length; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash >>> 0;
}

function isTime(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= LATEST_OBSERVED_AT_MS;
}

function isSortedByKey(samples: readonly RecordedSample[]): boolean {
  return samples.every(
    (sample, row) => row === 0 || compareSampleKeys(samples[row - 1] as RecordedSample, sample) < 0,
  );
}
