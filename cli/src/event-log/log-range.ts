import type { Position } from '@odograph/kernel/position';

/** The part of the log to read, as the contract asks for it. */
export interface LogRange {
  readonly after: Position[];
  readonly partitions: number[];
}

/**
 * Turns "from these positions on" into "after those". Where only positions are named, only their partitions are read:
 * a position says nothing of another partition.
 */
export function logRange(from: readonly Position[], partitions: readonly number[]): LogRange {
  return {
    after: from.map(placeBefore).filter(({ sequence }) => sequence > 0),
    partitions: partitions.length > 0 ? [...partitions] : from.map(({ partition }) => partition),
  };
}

/** A place that lies before this one and behind all that come earlier. */
function placeBefore({ partition, sequence, index = 0 }: Position): Position {
  return index > 0 ? { partition, sequence, index: index - 1 } : { partition, sequence: sequence - 1 };
}
