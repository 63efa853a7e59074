import type { LogReader } from '@odograph/event-log/log-reader';
import type { InTurn } from '@odograph/platform/turns';
import type { Checkpoint, Checkpoints } from './checkpoints.ts';
import { type Flushed, flushTail } from './flush.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import { createTail } from './tail.ts';

interface CatchUpDeps {
  readonly model: ReadModel<unknown>;
  readonly from: Checkpoint;
  /** The last envelope to fold. */
  readonly through: number;
  /** Bytes of events in memory after which they are stored; at most one stretch of the log more. */
  readonly maxBytes: number;
  readonly log: LogReader & SubjectLog;
  readonly checkpoints: Pick<Checkpoints, 'move'>;
  readonly inTurn: InTurn;
  readonly rest: (workMs: number) => Promise<void>;
}

/**
 * Brings one read model nearer to the others: reads the log after its checkpoint into a tail of its own and stores that.
 * Repeat it until the checkpoint has reached `through`.
 */
export async function catchUp({
  model,
  from,
  through,
  maxBytes,
  log,
  ...deps
}: CatchUpDeps): Promise<Flushed> {
  const { partition, projection, sequence } = from;
  const tail = createTail(partition, sequence);
  while (tail.head() < through && tail.bytes() < maxBytes) {
    tail.append(await log.read(partition, tail.head(), through));
  }
  return flushTail({ ...deps, log, tail, models: [model], from: new Map([[projection, from]]) });
}
