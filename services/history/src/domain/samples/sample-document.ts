import { Fault } from '@odograph/kernel/fault';
import type { DocumentBody } from '@odograph/kernel/projection';
import { compareSampleKeys, type RecordedSample, type SampleKey } from '../recorded-sample.ts';
import { decodeBlock, encodeBlock } from './sample-block.ts';
import { type BlockMeasures, weightOf } from './sample-cut.ts';

/** An encoded block of samples. The fields beside the data answer frequent queries without decoding it. */
export type StoredBlock = BlockMeasures & {
  /** The key of its first sample: observed time in Unix milliseconds, and report id. */
  readonly from: number;
  readonly fromId: string;
  /** The key of its last sample. */
  readonly to: number;
  readonly toId: string;
  readonly data: Uint8Array;
};

/** Consecutive blocks, stored as one document. */
export type SampleDocument = {
  /** The start of its first block. */
  readonly from: number;
  /** The end of its last block. */
  readonly to: number;
  /** The number of samples. */
  readonly count: number;
  readonly blocks: readonly StoredBlock[];
};

export function toBlock(samples: readonly RecordedSample[]): StoredBlock {
  const weights = samples.map(weightOf);
  const [first, last] = [samples[0] as RecordedSample, samples.at(-1) as RecordedSample];
  return {
    from: first.observedAtMs,
    fromId: first.reportId,
    to: last.observedAtMs,
    toId: last.reportId,
    count: samples.length,
    weight: weights.reduce((sum, weight) => sum + weight, 0),
    head: weights[0] as number,
    data: encodeBlock(samples),
  };
}

/** The key of the first sample of a block. */
export function startOf({ from, fromId }: StoredBlock): SampleKey {
  return { observedAtMs: from, reportId: fromId };
}

/** The key of the last sample of a block. */
export function endOf({ to, toId }: StoredBlock): SampleKey {
  return { observedAtMs: to, reportId: toId };
}

/**
 * The samples of a block, with only these signals if names are given.
 * @throws {Fault} CORRUPT_LOG if they differ from the other fields of the block.
 */
export function samplesOf(block: StoredBlock, only?: ReadonlySet<string>): RecordedSample[] {
  const samples = decodeBlock(block.data, only);
  const [first, last] = [samples[0], samples.at(-1)];
  const isConsistent =
    samples.length === block.count &&
    first !== undefined &&
    last !== undefined &&
    compareSampleKeys(first, startOf(block)) === 0 &&
    compareSampleKeys(last, endOf(block)) === 0;
  if (!isConsistent) throw otherForm();
  return samples;
}

export function toDocument(blocks: readonly StoredBlock[]): SampleDocument {
  const [first, last] = [blocks[0] as StoredBlock, blocks.at(-1) as StoredBlock];
  const count = blocks.reduce((sum, block) => sum + block.count, 0);
  return { from: first.from, to: last.to, count, blocks };
}

/**
 * Checks the form of a stored document; gives the same object.
 * @throws {Fault} CORRUPT_LOG if it has another form.
 */
export function asSampleDocument(body: DocumentBody): SampleDocument {
  const { blocks } = body as Partial<SampleDocument>;
  if (!Array.isArray(blocks) || blocks.length === 0 || !blocks.every(isBlock)) throw otherForm();
  return body as SampleDocument;
}

function isBlock(block: Partial<StoredBlock> | undefined): boolean {
  const numbers = [block?.from, block?.to, block?.count, block?.weight, block?.head];
  const ids = [block?.fromId, block?.toId];
  return (
    numbers.every(Number.isSafeInteger) &&
    ids.every((id) => typeof id === 'string') &&
    block?.data instanceof Uint8Array
  );
}

function otherForm(): Fault {
  return new Fault(
    'CORRUPT_LOG',
    'a stored document of samples is not in the expected form: rebuild the projection samples',
  );
}
