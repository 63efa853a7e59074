import { Fault } from '@odograph/kernel/fault';
import type { DocumentBody } from '@odograph/kernel/projection';
import type { RecordedSample } from './recorded-sample.ts';
import { decodeBlock, encodeBlock } from './sample-block.ts';
import { type BlockMeasures, weightOf } from './sample-cut.ts';

/** A run of samples, encoded. What is asked of it most can be told without decoding it. */
export type StoredBlock = BlockMeasures & {
  /** Observed time of its first sample: Unix time in milliseconds. */
  readonly from: number;
  /** Observed time of its last sample, included. */
  readonly to: number;
  readonly data: Uint8Array;
};

/** A run of blocks, as one document in the database. */
export type SampleDocument = {
  /** As of its first block. */
  readonly from: number;
  /** As of its last block. */
  readonly to: number;
  /** How many samples. */
  readonly count: number;
  readonly blocks: readonly StoredBlock[];
};

export function toBlock(samples: readonly RecordedSample[]): StoredBlock {
  const weights = samples.map(weightOf);
  const [first, last] = [samples[0] as RecordedSample, samples.at(-1) as RecordedSample];
  return {
    from: first.observedAtMs,
    to: last.observedAtMs,
    count: samples.length,
    weight: weights.reduce((sum, weight) => sum + weight, 0),
    head: weights[0] as number,
    data: encodeBlock(samples),
  };
}

/**
 * The samples of a block; where names are given, with only these signals.
 * @throws {Fault} CORRUPT_LOG where they are not what the block claims to hold.
 */
export function samplesOf(
  { from, to, count, data }: StoredBlock,
  only?: ReadonlySet<string>,
): RecordedSample[] {
  const samples = decodeBlock(data, only);
  if (samples.length !== count || samples[0]?.observedAtMs !== from || samples.at(-1)?.observedAtMs !== to) {
    throw otherForm();
  }
  return samples;
}

export function toDocument(blocks: readonly StoredBlock[]): SampleDocument {
  const [first, last] = [blocks[0] as StoredBlock, blocks.at(-1) as StoredBlock];
  const count = blocks.reduce((sum, block) => sum + block.count, 0);
  return { from: first.from, to: last.to, count, blocks };
}

/**
 * A stored document as such: the same object, once it is seen to have the form of one.
 * @throws {Fault} CORRUPT_LOG where it has not.
 */
export function asSampleDocument(body: DocumentBody): SampleDocument {
  const { blocks } = body as Partial<SampleDocument>;
  if (!Array.isArray(blocks) || blocks.length === 0 || !blocks.every(isBlock)) throw otherForm();
  return body as SampleDocument;
}

function isBlock(block: Partial<StoredBlock> | undefined): boolean {
  const numbers = [block?.from, block?.to, block?.count, block?.weight, block?.head];
  return numbers.every(Number.isSafeInteger) && block?.data instanceof Uint8Array;
}

function otherForm(): Fault {
  return new Fault(
    'CORRUPT_LOG',
    'a stored document of samples has another form: rebuild the projection samples',
  );
}
