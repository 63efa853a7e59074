import type { LogReader } from '@odograph/event-log/log-reader';
import { Fault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { Checkpoint, Checkpoints, CheckpointsByName } from './checkpoints.ts';
import type { ReadModel } from './read-model.ts';

/** What is stored of a partition, and the end of its log, which was read after it. */
export interface Stored {
  readonly checkpoints: CheckpointsByName;
  readonly watermark: number;
}

interface AgreementDeps {
  readonly partition: number;
  readonly partitionCount: number;
  readonly models: readonly ReadModel<unknown>[];
  readonly checkpoints: Checkpoints;
  readonly log: Pick<LogReader, 'watermark'>;
}

export async function readStored({ partition, checkpoints, log }: AgreementDeps): Promise<Stored> {
  const stored = await checkpoints.read(partition);
  return { checkpoints: stored, watermark: await log.watermark(partition) };
}

/** The checkpoints above the end of the log: what is stored there came from elsewhere, or from a log that was restored since. */
export function beyondLog({ checkpoints, watermark }: Stored): readonly Checkpoint[] {
  return [...checkpoints.values()].filter(({ sequence }) => sequence > watermark);
}

/** What views claim to include. */
interface Claimed {
  readonly partition: number;
  readonly head: number;
  readonly known: CheckpointsByName;
  /** Read models of which it is known that they are stored beyond the log, and that another process must remove that. */
  readonly beyond: ReadonlySet<string>;
}

/**
 * Throws a Fault UNAVAILABLE if what the views claimed to include before they read what is stored cannot be right.
 * A checkpoint goes back only if it is folded again, or if MongoDB was restored.
 */
export function assertAgreed({ partition, head, known, beyond }: Claimed, stored: Stored): void {
  const { watermark } = stored;
  if (head > watermark) throw disagreement(partition, `the views are at ${head}`, watermark);
  for (const { projection, sequence } of stored.checkpoints.values()) {
    const before = known.get(projection)?.sequence ?? 0;
    if (sequence > watermark && !beyond.has(projection))
      throw disagreement(partition, `${projection} is stored up to ${sequence}`, watermark);
    if (sequence < before)
      throw disagreement(partition, `${projection} went back from ${before} to ${sequence}`, watermark);
  }
}

function disagreement(partition: number, claim: string, watermark: number): Fault {
  const message = `the views of partition ${partition} disagree with the log: ${claim}, and the log ends at ${watermark}`;
  return new Fault('UNAVAILABLE', `${message}; they start again from the log`);
}

/**
 * Removes what is stored beyond the end of the log; those read models are folded again from its start.
 * The checkpoint moves last: after a crash in between, or if the signal is aborted, it is done again.
 */
export async function removeBeyondLog(
  stored: Stored,
  deps: AgreementDeps,
  signal: AbortSignal,
): Promise<void> {
  const { partition, partitionCount, models, checkpoints } = deps;
  const isOwn = (subject: string) => partitionOf(subject, partitionCount) === partition;
  for (const from of beyondLog(stored)) {
    const model = models.find(({ projection }) => projection.name === from.projection);
    await model?.store.removeAbove(stored.watermark, isOwn, signal);
    await checkpoints.move({ from, to: { ...from, sequence: 0, parked: [] } });
  }
}
