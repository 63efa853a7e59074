import { invariant } from '@odograph/kernel/fault';
import { compareSampleKeys, type RecordedSample, type SampleKey } from '../recorded-sample.ts';
import { type CutLimits, type Placement, SampleCut, weightOf } from './sample-cut.ts';
import {
  endOf,
  type SampleDocument,
  type StoredBlock,
  samplesOf,
  startOf,
  toBlock,
  toDocument,
} from './sample-document.ts';
import { sortAndMerge } from './sample-set.ts';

/**
 * Packs the samples of a window into documents: those of its stored documents and the new ones.
 * Blocks before the first change stay encoded, and a document whose blocks all stay is the same object as before.
 * @param loose the new samples, sorted by key and without duplicates
 */
export function pack(
  documents: readonly SampleDocument[],
  loose: readonly RecordedSample[],
  limits: CutLimits,
): readonly SampleDocument[] {
  const blocks = documents.flatMap((document) => document.blocks);
  const kept = countKept(blocks, loose[0], limits);
  const touched = blocks.slice(kept).flatMap((block) => samplesOf(block));
  const packing = new Packing(limits);
  for (const block of blocks.slice(0, kept)) packing.addBlock(block);
  for (const sample of sortAndMerge([...touched, ...loose])) packing.addSample(sample);
  const before = new Map(documents.map((document) => [document.blocks[0], document]));
  return packing.finish().map((packed) => {
    const document = before.get(packed[0]);
    return document !== undefined && isSame(document.blocks, packed) ? document : toDocument(packed);
  });
}

/**
 * Counts the blocks at the start that can stay: they are cut as the whole set would be, and no later sample belongs into
 * them. If the documents mix two flushes, some samples occur twice, and blocks are cut again from the first of these.
 */
function countKept(
  blocks: readonly StoredBlock[],
  loose: RecordedSample | undefined,
  limits: CutLimits,
): number {
  const cut = new SampleCut(limits);
  const following = earliestAfter(blocks, loose);
  let kept = 0;
  for (const block of blocks) {
    const follows = following[kept];
    // A later sample is before the end of this block: cut it again.
    if (follows !== undefined && compareSampleKeys(endOf(block), follows) >= 0) break;
    // This block is cut differently now, so the one before it may have to take its samples.
    if (cut.addBlock(block) === undefined) return Math.max(0, kept - 1);
    kept += 1;
  }
  const next = blocks.slice(kept).map(({ head }) => head);
  if (loose !== undefined) next.push(weightOf(loose));
  // The last block that stays must be full, or a later sample may belong into it.
  return next.some((weight) => cut.isRoomFor(weight)) ? kept - 1 : kept;
}

/** For each block, the smallest key of the samples in later blocks and of the new samples. */
function earliestAfter(
  blocks: readonly StoredBlock[],
  loose: SampleKey | undefined,
): readonly (SampleKey | undefined)[] {
  let earliest = loose;
  return blocks
    .toReversed()
    .map((block) => {
      const afterIt = earliest;
      const start = startOf(block);
      if (earliest === undefined || compareSampleKeys(start, earliest) < 0) earliest = start;
      return afterIt;
    })
    .reverse();
}

function isSame(a: readonly StoredBlock[], b: readonly StoredBlock[]): boolean {
  return a.length === b.length && a.every((block, at) => block === b[at]);
}

/** Builds blocks and documents. */
class Packing {
  readonly #cut: SampleCut;
  readonly #documents: StoredBlock[][] = [];
  #open: RecordedSample[] = [];

  constructor(limits: CutLimits) {
    this.#cut = new SampleCut(limits);
  }

  addBlock(block: StoredBlock): void {
    const placement = this.#cut.addBlock(block);
    invariant(placement !== undefined, 'a block that stays is cut as the whole set would be');
    this.#start(placement);
    this.#documents.at(-1)?.push(block);
  }

  addSample(sample: RecordedSample): void {
    const placement = this.#cut.add(weightOf(sample));
    if (placement !== 'same block') this.#start(placement);
    this.#open.push(sample);
  }

  /** The blocks of each document. */
  finish(): readonly (readonly StoredBlock[])[] {
    this.#seal();
    return this.#documents;
  }

  #start(placement: Placement): void {
    this.#seal();
    if (placement === 'new document') this.#documents.push([]);
  }

  #seal(): void {
    if (this.#open.length > 0) this.#documents.at(-1)?.push(toBlock(this.#open));
    this.#open = [];
  }
}
