import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { Fault } from '@odograph/kernel/fault';

/**
 * What JetStream answered. `refused` is any other answer that nothing was stored, including that no stream takes the
 * subject.
 */
type NatsProblem = 'stream full' | 'stream missing' | 'refused';

/** What a request without an answer is called. */
export const NO_ANSWER = 'JetStream does not answer';

/** What a message without an acknowledgement is called. */
export const NO_ACKNOWLEDGEMENT =
  'JetStream does not acknowledge; if its disk was full, NATS must be restarted once there is space';

/** The Fault UNAVAILABLE of what JetStream did not answer, with these words; any other error as it is. */
export function asNatsFault(error: unknown, words = NO_ANSWER): unknown {
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  return isLate ? new Fault('UNAVAILABLE', words, { cause: error }) : error;
}

/** JetStream's codes for a stream that has no room: resources, storage, maximum bytes. */
const FULL_CODES: readonly number[] = [10023, 10047, 10077];

/** The client does not export the class of this error: no stream takes the subject, or JetStream is off. */
const NOT_ENABLED = 'JetStreamNotEnabled';

/**
 * The meaning of an error that the NATS client threw. Undefined if JetStream gave no answer, such as after a timeout or a
 * lost connection: the request may or may not have been carried out.
 */
export function natsProblem(error: unknown): NatsProblem | undefined {
  if (!(error instanceof JetStreamApiError)) {
    return error instanceof Error && error.name === NOT_ENABLED ? 'refused' : undefined;
  }
  if (FULL_CODES.includes(error.code)) return 'stream full';
  if (error.code === JetStreamApiCodes.StreamNotFound) return 'stream missing';
  return 'refused';
}
