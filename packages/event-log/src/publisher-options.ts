import { MAX_ENVELOPE_BYTES, MAX_ENVELOPE_EVENTS } from './envelope.ts';

export interface PublisherOptions {
  /** Events and bytes in one envelope, at most {@link MAX_ENVELOPE_EVENTS} and {@link MAX_ENVELOPE_BYTES}. */
  readonly envelopeEvents: number;
  readonly envelopeBytes: number;
  /** How long an envelope waits for company, in milliseconds. */
  readonly lingerMs: number;
  /** How long to wait for JetStream's acknowledgement before sending the same bytes again, in milliseconds. */
  readonly ackTimeoutMs: number;
  /** Waits between attempts, in milliseconds, each twice the last up to the maximum. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** Bytes that may wait in one partition; above, appends are refused. */
  readonly maxQueuedBytes: number;
}

export const DEFAULT_PUBLISHER_OPTIONS: PublisherOptions = {
  envelopeEvents: MAX_ENVELOPE_EVENTS,
  envelopeBytes: MAX_ENVELOPE_BYTES,
  lingerMs: 3,
  ackTimeoutMs: 5_000,
  retryMinMs: 20,
  retryMaxMs: 1_000,
  maxQueuedBytes: 32 * 1024 * 1024,
};
