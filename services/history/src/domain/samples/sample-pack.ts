import { invariant } from '@odograph/kernel/fault';
import { compareSampleKeys, type RecordedSample, type SampleKey } from './recorded-sample.ts';
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
import { settle } from './sample-set.ts';

/**
 * The documents of a window's samples: of those in its documents so far, and of those that came since.
 * Blocks before the first that is touched stay encoded, and a document whose blocks all stay is the same object as before.
 * @param loose what came since, in order, each place once
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
  for (const sample of settle([...touched, ...loose])) packing.addSample(sample);
  const before = new Map(documents.map((document) => [document.blocks[0], document]));
  return packing.finish().map((packed) => {
    const document = before.get(packed[0]);
    return document !== undefined && isSame(document.blocks, packed) ? document : toDocument(packed);
  });
}

/**
 * How many blocks at the start stay as they are: they are cut as the whole set would be, and nothing that came falls among
 * their samples or could follow in the last of them. Documents of two moments, where samples are found twice, are cut anew
 * from the first that is.
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
    if (follows !== undefined && compareSampleKeys(endOf(block), follows) >= 0) break;
    if (cut.placeBlock(block) === undefined) return Math.max(0, kept - 1);
    kept += 1;
  }
  const next = blocks.slice(kept).map(({ head }) => head);
  if (loose !== undefined) next.push(weightOf(loose));
  return next.some((weight) => cut.isRoomFor(weight)) ? kept - 1 : kept;
}

/** For each block, the earliest place of any sample that stands after it in the list. */
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

/** Blocks and documents in the making. */
class Packing {
  readonly #cut: SampleCut;
  readonly #documents: StoredBlock[][] = [];
  #open: RecordedSample[] = [];

  constructor(limits: CutLimits) {
    this.#cut = new SampleCut(limits);
  }

  addBlock(block: StoredBlock): void {
    const placement = this.#cut.placeBlock(block);
    invariant(placement !== undefined, 'a block that stays is cut as all samples would be');
    this.#begin(placement);
    this.#documents.at(-1)?.push(block);
  }

  addSample(sample: RecordedSample): void {
    const placement = this.#cut.place(weightOf(sample));
    if (placement !== 'same block') this.#begin(placement);
    this.#open.push(sample);
  }

  /** The blocks, document by document. */
  finish(): readonly (readonly StoredBlock[])[] {
    this.#seal();
    return this.#documents;
  }

  #begin(placement: Placement): void {
    this.#seal();
    if (placement === 'new document') this.#documents.push([]);
  }

  #seal(): void {
    if (this.#open.length > 0) this.#documents.at(-1)?.push(toBlock(this.#open));
    this.#open = [];
  }
}
