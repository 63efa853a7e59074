/**
 * A position in the log: partition, envelope, and the index of the event in the envelope.
 * Positions in one partition are totally ordered. Without an index, it is the position of the whole envelope.
 */
export interface Position {
  readonly partition: number;
  /** The envelope's sequence in the partition's stream, from 1. */
  readonly sequence: number;
  readonly index?: number | undefined;
}

/** The position of one event: it has an index. */
export interface EventPosition extends Position {
  readonly index: number;
}

/** A position after every event of an envelope and before every event of the next one. */
export function endOfEnvelope(partition: number, sequence: number): EventPosition {
  return { partition, sequence, index: Number.MAX_SAFE_INTEGER };
}

/** Negative if `a` comes before `b` in their partition. A whole envelope comes after each of its events. */
export function comparePositions(a: Position, b: Position): number {
  if (a.partition !== b.partition)
    throw new RangeError(`positions of partitions ${a.partition} and ${b.partition} cannot be compared`);
  if (a.sequence !== b.sequence) return a.sequence - b.sequence;
  const [first, second] = [a.index ?? Infinity, b.index ?? Infinity];
  return first === second ? 0 : first - second;
}

/** `0/1234/5`, or `0/1234` for a whole envelope, as shown on the command line. */
export function formatPosition({ partition, sequence, index }: Position): string {
  return index === undefined ? `${partition}/${sequence}` : `${partition}/${sequence}/${index}`;
}

/** Parses the output of {@link formatPosition}; undefined if the text is something else. */
export function parsePosition(text: string): Position | undefined {
  const match = /^(\d{1,5})\/(\d{1,15})(?:\/(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const [partition, sequence] = [Number(match[1]), Number(match[2])];
  return match[3] === undefined ? { partition, sequence } : { partition, sequence, index: Number(match[3]) };
}
