import { Fault } from '@odograph/kernel/fault';
import { formatPosition, type Position } from '@odograph/kernel/position';

/** The part of the log to read, as the client asks for it. */
interface LogRange {
  readonly after: Position[];
  readonly partitions: number[];
}

/**
 * Converts "from these positions on" to "after those". If only positions are given, only their partitions are read.
 * @throws Fault INVALID_INPUT if a position would not be used.
 */
export function logRange(from: readonly Position[] = [], partitions: readonly number[] = []): LogRange {
  assertUsed(from, partitions);
  return {
    after: from.map(positionBefore).filter(({ sequence }) => sequence > 0),
    partitions: partitions.length > 0 ? [...partitions] : from.map(({ partition }) => partition),
  };
}

function assertUsed(from: readonly Position[], partitions: readonly number[]): void {
  const seen = new Map<number, string>();
  for (const position of from) {
    const { partition } = position;
    const flag = `--from ${formatPosition(position)}`;
    const earlier = seen.get(partition);
    if (earlier !== undefined)
      throw new Fault('INVALID_INPUT', `${earlier} and ${flag} are of one partition: leave one out`);
    if (partitions.length > 0 && !partitions.includes(partition))
      throw new Fault(
        'INVALID_INPUT',
        `${flag} is not of --partition ${partitions.join(', ')}: leave one out, or add --partition ${partition}`,
      );
    seen.set(partition, flag);
  }
}

/** The event before this one, or the whole envelope before it. */
function positionBefore({ partition, sequence, index = 0 }: Position): Position {
  return index > 0 ? { partition, sequence, index: index - 1 } : { partition, sequence: sequence - 1 };
}
