import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { Fault } from '@odograph/kernel/fault';
import type { Stamp } from './version.ts';

export const INVALIDATION_STREAM = 'CACHE_INVALIDATIONS';
export const INVALIDATION_SUBJECT = 'cache.invalidations';
/** The key of the stream's metadata that has its epoch. */
const EPOCH_KEY = 'odograph.epoch';

/** Longer than processes are restarted or cut off, normally. One that was away for longer takes all that it has for invalid. */
const KEEP_MS = 3_600_000;
const MAX_MESSAGES = 100_000;
const MAX_BYTES = 64 * 1024 * 1024;
const NANOS_IN_MS = 1_000_000;

/** The stream as it is now. */
export interface OpenedStream {
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/**
 * Finds the stream, or creates it with an epoch above all that this process has seen, whatever the clocks say. One that has not
 * come as far as this process has seen was restored to an earlier state: it is made again, and so every process learns of it.
 * @throws {Fault} UNAVAILABLE if another process was faster, which has seen less: try again
 */
export async function openStream({ streams }: JetStreamManager, seen: Stamp): Promise<OpenedStream> {
  const found = await streams.info(INVALIDATION_STREAM).catch(undefinedIfMissing);
  if (found && isAsFarAs(openedFrom(found), seen)) return openedFrom(found);
  if (found) await streams.delete(INVALIDATION_STREAM);
  const created = openedFrom(await createStream(streams, seen.epoch + 1));
  if (isAsFarAs(created, seen)) return created;
  const message = `the stream ${INVALIDATION_STREAM} has epoch ${created.epoch}, and ${seen.epoch} was seen`;
  throw new Fault('UNAVAILABLE', `${message}: it must be made again`);
}

function isAsFarAs({ epoch, lastSequence }: OpenedStream, seen: Stamp): boolean {
  return epoch > seen.epoch || (epoch === seen.epoch && lastSequence >= seen.sequence);
}

/** Gives what another process has created meanwhile, if there is one. */
async function createStream(streams: JetStreamManager['streams'], leastEpoch: number): Promise<StreamInfo> {
  const epoch = Math.max(Date.now(), leastEpoch);
  try {
    return await streams.add({
      ...{ name: INVALIDATION_STREAM, subjects: [INVALIDATION_SUBJECT] },
      ...{ max_age: KEEP_MS * NANOS_IN_MS, max_msgs: MAX_MESSAGES, max_bytes: MAX_BYTES },
      metadata: { [EPOCH_KEY]: String(epoch) },
    });
  } catch (cause) {
    return await streams.info(INVALIDATION_STREAM).catch(() => Promise.reject(cause));
  }
}

function openedFrom({ created, config, state }: StreamInfo): OpenedStream {
  return {
    epoch: Number(config.metadata?.[EPOCH_KEY]) || Date.parse(created),
    ...{ firstSequence: state.first_seq, lastSequence: state.last_seq },
  };
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
  throw error;
}
