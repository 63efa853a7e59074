import type { SignalValue } from '@odograph/kernel/signal';
import type { RecordedSample } from '@odograph/projections/recorded-sample';
import { SPLIT_FIX } from '@odograph/projections/signal-merge';

/** The limits of what is stored together. The documents depend on them: other limits need another version of the projection. */
export interface CutLimits {
  /** Samples of a block. */
  readonly samples: number;
  /** The sum of the weights in a block. A single sample may exceed it. */
  readonly weight: number;
  /** Blocks that are not full. If there are more, they become one. */
  readonly pieces: number;
}

export const CUT_LIMITS: CutLimits = { samples: 256, weight: 64 * 1024, pieces: 16 };

/** The samples of each block, in the given order: each is filled up to its limits, and only the last may have room for more. */
export function cut(
  samples: readonly RecordedSample[],
  limits: CutLimits,
): readonly (readonly RecordedSample[])[] {
  const blocks: RecordedSample[][] = [];
  let weight = Number.POSITIVE_INFINITY;
  for (const sample of samples) {
    const own = weightOf(sample);
    const open = blocks.at(-1);
    if (open === undefined || open.length === limits.samples || weight + own > limits.weight) {
      blocks.push([sample]);
      weight = own;
    } else {
      open.push(sample);
      weight += own;
    }
  }
  return blocks;
}

/**
 * The weight of a sample for the limits: roughly its bytes. Names, ids and texts count in part, because they mostly repeat.
 */
export function weightOf({ reportId, signals }: RecordedSample): number {
  let weight = 4 + (reportId.length >> 2);
  for (const name in signals) {
    if (name !== SPLIT_FIX) weight += (name.length >> 3) + weightOfValue(signals[name] as SignalValue);
  }
  return weight;
}

function weightOfValue(value: SignalValue): number {
  if (typeof value === 'boolean') return 1;
  return typeof value === 'number' ? 4 : 4 + (value.length >> 1);
}
