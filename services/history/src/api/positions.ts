import type { Position as WirePosition } from '@odograph/contracts/generated/odograph/common/v1/position';
import { Fault } from '@odograph/kernel/fault';
import { type EventPosition, endOfEnvelope, type Position } from '@odograph/kernel/position';

/** Refuses a position of a partition that the log does not have. */
export function checkPosition(field: string, position: WirePosition, partitionCount: number): Position {
  if (position.partition < partitionCount) return position;
  const description = `there is no partition ${position.partition}; the log has ${partitionCount}, counted from 0`;
  throw new Fault('INVALID_INPUT', `${field}: ${description}`, {
    violations: [{ field, reason: 'NO_SUCH_PARTITION', description }],
  });
}

/** The last event that a position stands for: a whole envelope ends behind all its events. */
export function lastEventOf({ partition, sequence, index }: Position): EventPosition {
  const end = endOfEnvelope(partition, sequence);
  return { ...end, index: index ?? end.index };
}
