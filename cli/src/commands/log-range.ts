import type { Position } from '@odograph/kernel/position';

/** The part of the log to read, as the client asks for it. */
interface LogRange {
  readonly after: Position[];
  readonly partitions: number[];
}

/** Converts "from these positions on" to "after those". If only positions are given, only their partitions are read. */
export function logRange(from: readonly Position[] = [], partitions: readonly number[] = []): LogRange {
  return {
    after: from.map(positionBefore).filter(({ sequence }) => sequence > 0),
    partitions: partitions.length > 0 ? [...partitions] : from.map(({ partition }) => partition),
  };
}

/** The event before this one, or the whole envelope before it. */
function positionBefore({ partition, sequence, index = 0 }: Position): Position {
  return index > 0 ? { partition, sequence, index: index - 1 } : { partition, sequence: sequence - 1 };
}
