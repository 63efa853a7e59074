import { JetStreamApiError } from '@nats-io/jetstream';
import { Fault, isFault } from '@odograph/kernel/fault';

/** JetStream's error codes for a stream that takes no more: resources, storage, maximum bytes. */
const FULL_CODES: readonly number[] = [10023, 10047, 10077];

/** Whether JetStream refused a message because its stream has no room. */
export function isStreamFull(error: unknown): boolean {
  return error instanceof JetStreamApiError && FULL_CODES.includes(error.code);
}

/**
 * Whether a failed attempt may have reached the disk. It has not when JetStream answered with an error,
 * when nobody was there to take it, or when we did not send it. (A Fault after sending means that the stream went
 * backwards: what it stored is set aside and published again by the repair.)
 */
export function mayBeStored(error: unknown): boolean {
  return !(error instanceof JetStreamApiError || isNobodyThere(error) || isFault(error));
}

/** Whether no stream takes the subject, or JetStream is off. The client does not export the class it throws then. */
function isNobodyThere(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamNotEnabled';
}

/** What a caller is told when a stream is full. */
export function fullStream(partition: number, cause?: unknown): Fault {
  return new Fault(
    'OVERLOADED',
    `the stream of partition ${partition} is full; nothing is dropped to make room`,
    {
      ...(cause === undefined ? {} : { cause }),
      retryAfterMs: 5_000,
      limit: 'bytes of the stream',
    },
  );
}
