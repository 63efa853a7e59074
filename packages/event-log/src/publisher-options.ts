import { MAX_ENVELOPE_BYTES, type MAX_ENVELOPE_EVENTS } from './envelope.ts';

/** How events become envelopes, and how envelopes get to disk. */
export interface PublisherOptions {
  /** The most events and bytes in one envelope, up to {@link MAX_ENVELOPE_EVENTS} and {@link MAX_ENVELOPE_BYTES}. */
  readonly envelopeEvents: number;
  readonly envelopeBytes: number;
  /** How long an envelope waits for more events, at least, in milliseconds. */
  readonly lingerMs: number;
  /**
   * How long after the last envelope of its partition the next one leaves, in milliseconds, unless it is full or nothing comes
   * for `quietMs`. An envelope costs each process that handles it many times as much as one more event in it.
   */
  readonly spacingMs: number;
  /** When nothing has come for so long, in milliseconds, those who report wait for their answers: then waiting gains nothing. */
  readonly quietMs: number;
  /** How long to wait for JetStream to acknowledge before the same bytes are sent again, in milliseconds. */
  readonly ackTimeoutMs: number;
  /** The wait between two attempts, in milliseconds: it doubles from the minimum to the maximum. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /**
   * Memory that what waits for disk may take, over all partitions together. A partition may take as much as is free, so one
   * that cannot store fills half. Further appends are refused as OVERLOADED.
   */
  readonly maxQueuedBytes: number;
}

/** The options that are the same for every publisher of the platform. */
export const SHARED_PUBLISHER_OPTIONS = {
  envelopeBytes: MAX_ENVELOPE_BYTES,
  lingerMs: 3,
  spacingMs: 50,
  quietMs: 8,
  retryMinMs: 20,
  retryMaxMs: 1_000,
  maxQueuedBytes: 64 * 1024 * 1024,
} as const satisfies Partial<PublisherOptions>;
