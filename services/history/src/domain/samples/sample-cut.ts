import type { SignalValue } from '@odograph/kernel/signal';
import { SPLIT_FIX } from '../signal-merge.ts';
import type { RecordedSample } from './recorded-sample.ts';
import { BLOCK_MAX_SAMPLES } from './sample-block.ts';

/** Up to where a block, and a document, takes one sample more. */
export interface CutLimits {
  readonly blockSamples: number;
  readonly blockWeight: number;
  readonly documentBlocks: number;
  readonly documentWeight: number;
}

/** Part of what the stored documents are a function of: other limits are another version of the projection. */
export const CUT_LIMITS: CutLimits = {
  blockSamples: BLOCK_MAX_SAMPLES,
  blockWeight: 64 * 1024,
  documentBlocks: 64,
  documentWeight: 1024 * 1024,
};

/** Where a sample goes: into the open block, or as the first of a new one, or of a new document. */
export type Placement = 'same block' | 'new block' | 'new document';

/** A run of samples that was one block before. */
export interface BlockMeasures {
  readonly count: number;
  readonly weight: number;
  /** The weight of its first sample. */
  readonly head: number;
}

/**
 * Cuts samples, in order, into blocks and documents: each takes what comes next while it keeps its limits,
 * and at least one sample. So the cut depends on the samples alone, and each sample more moves others only towards the end.
 */
export class SampleCut {
  readonly #limits: CutLimits;
  #blocks = 0;
  #documentWeight = 0;
  #count = 0;
  #blockWeight = 0;

  constructor(limits: CutLimits) {
    this.#limits = limits;
  }

  /** Whether a sample of this weight would go into the open block. */
  isRoomFor(weight: number): boolean {
    return (
      this.#count > 0 &&
      this.#count < this.#limits.blockSamples &&
      this.#blockWeight + weight <= this.#limits.blockWeight &&
      this.#documentWeight + weight <= this.#limits.documentWeight
    );
  }

  place(weight: number): Placement {
    const placement = this.#placementOf(weight);
    if (placement === 'new document') this.#blocks = this.#documentWeight = 0;
    if (placement !== 'same block') {
      this.#blocks += 1;
      this.#count = this.#blockWeight = 0;
    }
    this.#count += 1;
    this.#blockWeight += weight;
    this.#documentWeight += weight;
    return placement;
  }

  /** Places a block as it is, where its samples would be cut like that; otherwise says undefined, and is of no more use. */
  placeBlock({ count, weight, head }: BlockMeasures): Placement | undefined {
    const placement = this.place(head);
    this.#count = count;
    this.#blockWeight = weight;
    this.#documentWeight += weight - head;
    const { blockSamples, blockWeight, documentWeight } = this.#limits;
    const keepsLimits =
      count <= blockSamples && weight <= blockWeight && this.#documentWeight <= documentWeight;
    return placement !== 'same block' && (count === 1 || keepsLimits) ? placement : undefined;
  }

  #placementOf(weight: number): Placement {
    if (this.isRoomFor(weight)) return 'same block';
    const fitsDocument =
      this.#blocks > 0 &&
      this.#blocks < this.#limits.documentBlocks &&
      this.#documentWeight + weight <= this.#limits.documentWeight;
    return fitsDocument ? 'new block' : 'new document';
  }
}

/**
 * What a sample counts for against the limits: roughly its bytes, with names, ids and texts in part, for they mostly repeat.
 * A sample that is told again gets no lighter, for the greater of two values is never the lighter one.
 */
export function weightOf({ reportId, signals }: RecordedSample): number {
  let weight = 4 + (reportId.length >> 2);
  for (const name of Object.keys(signals)) {
    if (name !== SPLIT_FIX) weight += (name.length >> 3) + weightOfValue(signals[name] as SignalValue);
  }
  return weight;
}

function weightOfValue(value: SignalValue): number {
  if (typeof value === 'boolean') return 1;
  return typeof value === 'number' ? 4 : 4 + (value.length >> 1);
}
