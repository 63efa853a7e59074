import {
  type EventFate,
  EventFate_Kind,
  LogBroadcast,
  type PartitionState,
  type CommittedEnvelope as WireEnvelope,
} from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { FieldCursor } from '@odograph/contracts/wire/fields';
import { Fault } from '@odograph/kernel/fault';
import { type CommittedEnvelope, eventsOf, type Fate } from './committed-envelope.ts';
import type { StoredEvent } from './log-reader.ts';

/** A message from the owner of a partition to the followers of the log: new envelopes, or none as a heartbeat. */
export interface Broadcast extends PartitionHealth {
  readonly partition: number;
  /** The last envelope that the log has in full. */
  readonly watermark: number;
  /** The envelopes committed since the previous broadcast, in order. */
  readonly envelopes: readonly BroadcastEnvelope[];
}

/** The health of a partition. */
export interface PartitionHealth {
  readonly state: PartitionState;
  readonly streamCreatedAtMs: number;
  /** Free share of the disk that holds the log, 0 to 1. */
  readonly freeDiskRatio?: number | undefined;
}

/** An envelope with its events. A follower in another process makes them from its bytes when it reads them. */
export interface BroadcastEnvelope extends CommittedEnvelope {
  /** What readers see of it. */
  readonly events: readonly StoredEvent[];
}

/** Encodes a `LogBroadcast`. */
export function encodeBroadcast({ envelopes, ...head }: Broadcast): Uint8Array {
  return LogBroadcast.encode({
    ...head,
    freeDiskRatio: head.freeDiskRatio,
    envelopes: envelopes.map(({ sequence, previousSequence, storedAtMs, bytes, fates }) => {
      const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      return { sequence, previousSequence, storedAtMs, message, fates: fates.map(fateToWire) };
    }),
  }).finish();
}

/** Decodes a `LogBroadcast`; throws an Error if the bytes are something else. */
export function decodeBroadcast(bytes: Uint8Array): Broadcast {
  const { partition, envelopes, ...head } = LogBroadcast.decode(bytes);
  return { ...head, partition, envelopes: envelopes.map((envelope) => fromWire(partition, envelope)) };
}

function fromWire(partition: number, { message: bytes, fates, ...head }: WireEnvelope): BroadcastEnvelope {
  const envelope = { partition, ...head, bytes, fates: fates.map(fateToDomain) };
  return {
    ...envelope,
    get events() {
      return eventsOf(envelope);
    },
  };
}

function fateToWire(fate: Fate): EventFate {
  const { index } = fate;
  switch (fate.kind) {
    case 'duplicate':
      return { index, kind: EventFate_Kind.DUPLICATE, heldAt: undefined, reason: '' };
    case 'superseded':
      return { index, kind: EventFate_Kind.SUPERSEDED, heldAt: undefined, reason: '' };
    case 'conflict':
      return { index, kind: EventFate_Kind.CONFLICT, heldAt: fate.heldAt, reason: '' };
    case 'undecodable':
      return { index, kind: EventFate_Kind.UNDECODABLE, heldAt: undefined, reason: fate.reason };
    case 'unreadable':
      return { index, kind: EventFate_Kind.UNREADABLE, heldAt: undefined, reason: fate.reason };
  }
}

/** A fate of another kind is from a newer program: the broadcast counts as lost, and the log is read. */
function fateToDomain({ index, kind, heldAt, reason }: EventFate): Fate {
  if (kind === EventFate_Kind.DUPLICATE) return { index, kind: 'duplicate' };
  if (kind === EventFate_Kind.SUPERSEDED) return { index, kind: 'superseded' };
  if (kind === EventFate_Kind.UNDECODABLE) return { index, kind: 'undecodable', reason };
  if (kind === EventFate_Kind.UNREADABLE) return { index, kind: 'unreadable', reason };
  if (kind === EventFate_Kind.CONFLICT && heldAt)
    return { index, kind: 'conflict', heldAt: { ...heldAt, index: heldAt.index ?? 0 } };
  throw new Fault('UNAVAILABLE', `a fate of kind ${kind} is newer than this program: update it`);
}

/** `LogBroadcast.envelopes`. */
const ENVELOPES_FIELD = 3;

/** Decodes a broadcast without its envelopes, which it skips, for callers that only need the health of the partition. */
export function decodeBroadcastHead(bytes: Uint8Array): Broadcast {
  const cursor = new FieldCursor(bytes);
  const head: Uint8Array[] = [];
  while (!cursor.isAtEnd) {
    const from = cursor.at;
    const tag = cursor.tag();
    cursor.skip(tag);
    if (tag >>> 3 !== ENVELOPES_FIELD) head.push(bytes.subarray(from, cursor.at));
  }
  return decodeBroadcast(Buffer.concat(head));
}
