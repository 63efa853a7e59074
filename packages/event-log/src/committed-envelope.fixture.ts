import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { type CommittedEnvelope, eventsOf } from './committed-envelope.ts';
import { encodeEnvelopeEntry } from './envelope.ts';
import type { StoredEvent } from './log-reader.ts';
import { packEnvelope } from './packed-envelope.ts';

interface EnvelopeSketch {
  readonly partition?: number;
  readonly sequence: number;
  readonly previousSequence?: number;
  readonly events: readonly Event[];
}

/** An envelope of the log in which every event is new. */
export function committedEnvelope({
  partition = 0,
  sequence,
  previousSequence = sequence - 1,
  events,
}: EnvelopeSketch): CommittedEnvelope & { readonly events: readonly StoredEvent[] } {
  const bytes = packEnvelope(events.map(encodeEnvelopeEntry));
  const envelope = { partition, sequence, previousSequence, storedAtMs: 1_700_000_000_000, bytes, fates: [] };
  return { ...envelope, events: eventsOf(envelope) };
}
