import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { Fault, isFault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import { EncodedEvent } from './encoded-event.ts';
import { decodeEnvelope, type EnvelopeEntry } from './envelope.ts';
import type { StoredEvent } from './log-reader.ts';
import { unpackEnvelope } from './packed-envelope.ts';
import { conflictOf, undecodableBytes, undecodableEvent } from './substitute-events.ts';

/** A message of a partition's stream: an envelope as it was acknowledged. */
export interface StreamMessage {
  readonly partition: number;
  readonly sequence: number;
  /** When the stream stored it: Unix time in milliseconds. With the sequence it identifies the message, also after a restore. */
  readonly storedAtMs: number;
  readonly bytes: Uint8Array;
}

/** What the log made of an event that is not simply new. */
export type Fate =
  /** The log already has it: readers do not see it again. */
  | { readonly index: number; readonly kind: 'duplicate' }
  /** The log has another event under its key: readers see a TelemetryConflicted. */
  | { readonly index: number; readonly kind: 'conflict'; readonly heldAt: EventPosition }
  /** The log has another decision with the same version of its aggregate: readers do not see it. */
  | { readonly index: number; readonly kind: 'superseded' }
  /** It cannot be decoded: readers see an UndecodableReceived. */
  | { readonly index: number; readonly kind: 'undecodable'; readonly reason: string }
  /** At index 0: the whole message cannot be decoded. Readers see one UndecodableReceived, also if a later program could decode it. */
  | { readonly index: number; readonly kind: 'unreadable'; readonly reason: string };

/** An envelope of the log. Its bytes and its fates give the events that every reader sees. */
export interface CommittedEnvelope extends StreamMessage {
  /** The sequence of the envelope before it in the log; 0 for the first one. */
  readonly previousSequence: number;
  /** By index, each index once. */
  readonly fates: readonly Fate[];
}

/** An event of a message, before the log has judged it. */
export interface SentEvent {
  /** At its position. */
  readonly stored: StoredEvent;
  /** The same event, decoded. */
  readonly event: Event;
  /** Its fate if it could not be decoded: then what readers see is already in its place. */
  readonly undecodable?: Extract<Fate, { kind: 'undecodable' | 'unreadable' }>;
}

const SET_ASIDE = { reason: 'the message had a form that the program did not know, and was set aside' };

/** The events of a message, as they were sent; of one that was set aside, what readers see in its place. */
export function sentEvents(message: StreamMessage, isSetAside = false): readonly SentEvent[] {
  // Also if this program knows the form: the message has the same fate for every owner.
  const opened = isSetAside ? SET_ASIDE : openMessage(message);
  if ('reason' in opened) {
    const { reason } = opened;
    return [replaced(whole(message, reason), { index: 0, kind: 'unreadable', reason })];
  }
  return opened.entries.map((entry, index) => {
    const { event } = entry;
    const reason = whyInvalid(event);
    if (reason === undefined) return { stored: encoded(message, opened.buffer, entry, index), event };
    const position = positionIn(message, index);
    const seen = undecodableEvent({ position, event }, reason, message.storedAtMs);
    return replaced(seen, { index, kind: 'undecodable', reason });
  });
}

function replaced(stored: StoredEvent, undecodable: NonNullable<SentEvent['undecodable']>): SentEvent {
  return { stored, event: stored.event, undecodable };
}

/**
 * The events of an envelope that readers see, in order.
 * @throws {Fault} CORRUPT_LOG if its message cannot be decoded, although it could when it was judged.
 */
export function eventsOf(envelope: CommittedEnvelope): readonly StoredEvent[] {
  return seenEvents(envelope);
}

/** Those of {@link eventsOf} with certain indexes. The others are not decoded. */
export function eventsAt(envelope: CommittedEnvelope, indexes: ReadonlySet<number>): readonly StoredEvent[] {
  return seenEvents(envelope, indexes);
}

function seenEvents(envelope: CommittedEnvelope, wanted?: ReadonlySet<number>): readonly StoredEvent[] {
  const [first] = envelope.fates;
  if (first?.kind === 'unreadable') return [whole(envelope, first.reason)];
  const opened = openMessage(envelope, wanted);
  if ('reason' in opened) {
    const { partition, sequence } = envelope;
    throw new Fault('CORRUPT_LOG', `envelope ${partition}/${sequence} of the log: ${opened.reason}`);
  }
  const fates = new Map(envelope.fates.map((fate) => [fate.index, fate]));
  const events: StoredEvent[] = [];
  for (const entry of opened.entries) {
    const { index } = entry;
    const fate = fates.size > 0 ? fates.get(index) : undefined;
    if (fate === undefined) events.push(encoded(envelope, opened.buffer, entry, index));
    else if (fate.kind === 'conflict' || fate.kind === 'undecodable')
      events.push(substitute(envelope, entry.event, fate));
  }
  return events;
}

function substitute(
  envelope: CommittedEnvelope,
  event: Event,
  fate: Extract<Fate, { kind: 'conflict' | 'undecodable' }>,
) {
  const stored = { position: positionIn(envelope, fate.index), event };
  return fate.kind === 'conflict'
    ? conflictOf(stored, fate.heldAt)
    : undecodableEvent(stored, fate.reason, envelope.storedAtMs);
}

type Opened =
  | { readonly buffer: ArrayBufferLike; readonly entries: readonly EnvelopeEntry[] }
  | { readonly reason: string };

/**
 * The entries of a message, or why it has none that can be read. An empty one has none: it is the marker of a repair, or the
 * log had all of its events.
 */
function openMessage({ bytes }: StreamMessage, wanted?: ReadonlySet<number>): Opened {
  if (bytes.length === 0) return { buffer: bytes.buffer, entries: [] };
  try {
    const plain = unpackEnvelope(bytes);
    return { buffer: plain.buffer, entries: [...decodeEnvelope(plain, wanted)] };
  } catch (error) {
    if (!isFault(error, 'CORRUPT_LOG')) throw error;
    return { reason: error.message };
  }
}

function encoded(
  message: StreamMessage,
  buffer: ArrayBufferLike,
  entry: EnvelopeEntry,
  index: number,
): EncodedEvent {
  const { partition, sequence } = message;
  return new EncodedEvent({ partition, sequence, buffer }, index, entry.event.subject, entry);
}

function positionIn({ partition, sequence }: StreamMessage, index: number): EventPosition {
  return { partition, sequence, index };
}

/** What readers see in place of a message that is not an envelope. */
function whole(message: StreamMessage, reason: string): StoredEvent {
  return undecodableBytes(positionIn(message, 0), message.storedAtMs, reason, message.bytes);
}

const MAX_DATE_MS = 8.64e15;
const HASH_BYTES = 16;

/** Why an event is not a valid one; undefined if it is. */
function whyInvalid(event: Event): string | undefined {
  if (event.type === '') return 'the event has no type';
  if (event.subject === '') return 'the event has no subject';
  if (Math.abs(event.observedAtMs) > MAX_DATE_MS || Math.abs(event.receivedAtMs) > MAX_DATE_MS) {
    return 'the event has a time outside the range of dates';
  }
  if (event.contentHash.length !== HASH_BYTES)
    return `the content hash has ${event.contentHash.length} bytes, not ${HASH_BYTES}`;
  return undefined;
}
