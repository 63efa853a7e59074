import type { CommittedEnvelope, Fate } from '@odograph/event-log/committed-envelope';
import { Fault } from '@odograph/kernel/fault';
import { Binary } from 'mongodb';

/** A position as `_id`. BSON compares embedded documents field by field, so the log is sorted by partition and sequence. */
interface EnvelopeKey {
  readonly p: number;
  readonly s: number;
}

/** An envelope as it is stored in MongoDB. It is never changed. */
export interface EnvelopeDocument {
  readonly _id: EnvelopeKey;
  /**
   * The envelope before it in the log; sequence 0 before the first one. It is unique: an envelope has one successor, so two
   * writers cannot both continue the log.
   */
  readonly after: EnvelopeKey;
  /** When the stream stored it. A restored stream may have another message at the same sequence. */
  readonly stored_at: Date;
  /** The message as it was acknowledged; empty if the log already had all of its events. */
  readonly message: Binary;
  /** What the log made of the events that are not simply new. */
  readonly fates?: readonly FateDocument[];
  /** The types of its events that are rare, so that an index finds them without reading the whole log. */
  readonly rare?: readonly string[];
}

/** Index and kind; of a conflict the sequence and the index of the holder, of what cannot be decoded the reason. */
interface FateDocument {
  readonly i: number;
  readonly kind: Fate['kind'];
  readonly held_at?: { readonly s: number; readonly i: number };
  readonly reason?: string;
}

/** Nearly all events of the log have one of these types. */
export const FREQUENT_TYPES: readonly string[] = ['TelemetryReported', 'TimeTicked'];

export function toDocument(envelope: CommittedEnvelope, rare: readonly string[]): EnvelopeDocument {
  const { partition, sequence, previousSequence, storedAtMs, bytes, fates } = envelope;
  return {
    _id: { p: partition, s: sequence },
    after: { p: partition, s: previousSequence },
    stored_at: new Date(storedAtMs),
    message: new Binary(bytes),
    ...(fates.length > 0 && { fates: fates.map(fateToDocument) }),
    ...(rare.length > 0 && { rare }),
  };
}

export function fromDocument({
  _id,
  after,
  stored_at,
  message,
  fates = [],
}: EnvelopeDocument): CommittedEnvelope {
  return {
    partition: _id.p,
    sequence: _id.s,
    previousSequence: after.s,
    storedAtMs: stored_at.getTime(),
    bytes: Buffer.from(message.buffer.buffer, message.buffer.byteOffset, message.position),
    fates: fates.map((fate) => fateFromDocument(_id.p, fate)),
  };
}

function fateToDocument(fate: Fate): FateDocument {
  const { index: i, kind } = fate;
  if (fate.kind === 'conflict')
    return { i, kind, held_at: { s: fate.heldAt.sequence, i: fate.heldAt.index } };
  return 'reason' in fate ? { i, kind, reason: fate.reason } : { i, kind };
}

function fateFromDocument(partition: number, { i: index, kind, held_at, reason = '' }: FateDocument): Fate {
  if (kind === 'duplicate' || kind === 'superseded') return { index, kind };
  if (kind === 'undecodable' || kind === 'unreadable') return { index, kind, reason };
  if (kind === 'conflict' && held_at)
    return { index, kind, heldAt: { partition, sequence: held_at.s, index: held_at.i } };
  throw new Fault('UNAVAILABLE', `the log has a fate "${kind}" that this program does not know: update it`);
}
