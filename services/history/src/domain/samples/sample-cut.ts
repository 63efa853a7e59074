import type { SignalValue } from '@odograph/kernel/signal';
import type { RecordedSample } from '../recorded-sample.ts';
import { SPLIT_FIX } from '../signal-merge.ts';
import { BLOCK_MAX_SAMPLES } from './sample-block.ts';

/** The limits of a block and of a document. */
export interface CutLimits {
  readonly blockSamples: number;
  readonly blockWeight: number;
  readonly documentBlocks: number;
  readonly documentWeight: number;
}

/** The stored documents depend on these limits: other limits need another version of the projection. */
export const CUT_LIMITS: CutLimits = {
  blockSamples: BLOCK_MAX_SAMPLES,
  blockWeight: 64 * 1024,
  documentBlocks: 64,
  documentWeight: 1024 * 1024,
};

/** Where a sample is added: to the open block, or as the first of a new block or of a new document. */
export type Placement = 'same block' | 'new block' | 'new document';

/** The measures of an encoded block. */
export interface BlockMeasures {
  readonly count: number;
  readonly weight: number;
  /** The weight of its first sample. */
  readonly head: number;
}

/**
 * Cuts sorted samples into blocks and documents. Each is filled up to its limits and has at least one sample.
 * So the cut depends on the samples alone, and an additional sample moves others only towards the end.
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

  /** Whether a sample of this weight fits into the open block. */
  isRoomFor(weight: number): boolean {
    return (
      this.#count > 0 &&
      this.#count < this.#limits.blockSamples &&
      this.#blockWeight + weight <= this.#limits.blockWeight &&
      this.#documentWeight + weight <= this.#limits.documentWeight
    );
  }

  add(weight: number): Placement {
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

  /** Adds a block unchanged. Undefined if its samples would be cut differently; then this object is not usable any more. */
  addBlock({ count, weight, head }: BlockMeasures): Placement | undefined {
    const placement = this.add(head);
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
 * The weight of a sample for the limits: roughly its bytes. Names, ids and texts count in part, because they mostly repeat.
 * A merge never reduces the weight, because the greater of two values is never lighter.
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
