import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { corruptDocument } from '@odograph/projections/corrupt-document';
import type { RecordedSample } from '@odograph/projections/recorded-sample';
import { fromColumns, toColumns } from './sample-columns.ts';
import { weightOf } from './sample-cut.ts';

/** What is known of encoded samples without decoding them. It answers frequent queries. */
type BlockHead = {
  /** The earliest observed time, in Unix milliseconds. */
  readonly from: number;
  /** The latest observed time. */
  readonly to: number;
  /** The number of samples. */
  readonly count: number;
  /** The sum of their weights. */
  readonly weight: number;
};

/** Encoded samples. */
export type SampleBlock = BlockHead & {
  /** The samples as columns in JSON, compressed with zstd. */
  readonly data: Uint8Array;
};

/** A block of a window with very many, whose data is read when it is needed. */
export type BlockToRead = BlockHead & {
  /** The number of its document in the slice. */
  readonly n: number;
};

/** Higher levels take twice as long for 4 % fewer bytes. With a checksum, a changed byte is found. */
const ZSTD = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };

/** Encodes one or more samples, in the given order. */
export function toBlock(samples: readonly RecordedSample[]): SampleBlock {
  let [from, to, weight] = [Number.POSITIVE_INFINITY, 0, 0];
  for (const sample of samples) {
    from = Math.min(from, sample.observedAtMs);
    to = Math.max(to, sample.observedAtMs);
    weight += weightOf(sample);
  }
  return { from, to, count: samples.length, weight, data: compress(JSON.stringify(toColumns(samples))) };
}

/** zstd takes memory for the size that it is told, or else a megabyte, which makes garbage collections frequent. */
function compress(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  return zstdCompressSync(bytes, {
    params: ZSTD,
    pledgedSrcSize: length,
    chunkSize: Math.max(64, length >> 1),
  });
}

/**
 * The samples of a block, with only these signals if names are given.
 * @throws {Fault} CORRUPT_LOG if {@link toBlock} did not write these bytes.
 */
export function samplesOf({ count, data }: SampleBlock, only?: ReadonlySet<string>): RecordedSample[] {
  let samples: RecordedSample[];
  try {
    samples = fromColumns(JSON.parse(zstdDecompressSync(data).toString()), only);
  } catch (cause) {
    throw corruptDocument('samples', 'a block of samples cannot be decoded', cause);
  }
  if (samples.length !== count) {
    throw corruptDocument('samples', `a block has ${samples.length} samples instead of ${count}`);
  }
  return samples;
}

/** Whether a stored value has the form of a block. Its data is not decoded. */
export function isBlock(value: unknown): value is SampleBlock {
  return isHead(value) && (value as Partial<SampleBlock>).data instanceof Uint8Array;
}

/** Whether a value has the form of a block, or of one whose data was not read. */
export function isAnyBlock(value: unknown): value is SampleBlock | BlockToRead {
  return isBlock(value) || (isHead(value) && Number.isSafeInteger((value as Partial<BlockToRead>).n));
}

function isHead(value: unknown): value is BlockHead {
  const head = (value ?? {}) as Partial<BlockHead>;
  return [head.from, head.to, head.count, head.weight].every(Number.isSafeInteger);
}
