/**
 * A place in the log: partition, envelope, and the event's place in the envelope.
 * Positions of one partition are totally ordered; those of two partitions cannot be compared.
 * Without an index it means the whole envelope.
 */
export interface Position {
  readonly partition: number;
  /** The envelope's sequence in the partition's stream, from 1. */
  readonly sequence: number;
  readonly index?: number | undefined;
}

/** An event's own place: a position with its index. */
export interface EventPosition extends Position {
  readonly index: number;
}

/** Behind every event of an envelope, before every event of the next. */
export function endOfEnvelope(partition: number, sequence: number): EventPosition {
  return { partition, sequence, index: Number.MAX_SAFE_INTEGER };
}

/** Orders positions of one partition: negative when `a` comes first. A whole envelope comes after each of its events. */
export function comparePositions(a: Position, b: Position): number {
  if (a.partition !== b.partition) throw new RangeError('positions of two partitions cannot be compared');
  if (a.sequence !== b.sequence) return a.sequence - b.sequence;
  const [first, second] = [a.index ?? Infinity, b.index ?? Infinity];
  return first === second ? 0 : first - second;
}

/** `0/1234/5`, or `0/1234` for a whole envelope: the form people read and type. */
export function formatPosition({ partition, sequence, index }: Position): string {
  return index === undefined ? `${partition}/${sequence}` : `${partition}/${sequence}/${index}`;
}

/** Reads the form that {@link formatPosition} writes; undefined when it is something else. */
export function parsePosition(text: string): Position | undefined {
  const match = /^(\d{1,5})\/(\d{1,15})(?:\/(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const [partition, sequence] = [Number(match[1]), Number(match[2])];
  return match[3] === undefined ? { partition, sequence } : { partition, sequence, index: Number(match[3]) };
}
