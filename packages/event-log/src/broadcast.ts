import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  CommittedEnvelope,
  LogBroadcast,
  type PartitionState,
} from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { FieldCursor } from '@odograph/contracts/wire/fields';
import { EncodedEvent } from './encoded-event.ts';
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

export interface BroadcastEnvelope {
  readonly sequence: number;
  /** The sequence of the previous envelope in the log; 0 for the first envelope. */
  readonly previousSequence: number;
  /** Its events in the log. */
  readonly events: readonly StoredEvent[];
}

/** The field numbers of `LogBroadcast.envelopes`, `CommittedEnvelope.events`, and `CommittedEvent`'s index and event. */
const FIELD = { envelopes: 3, events: 3, index: 1, event: 2 } as const;

/** Encodes a `LogBroadcast`. Events that are already encoded are copied. */
export function encodeBroadcast({ envelopes, ...head }: Broadcast): Uint8Array {
  const writer = new BinaryWriter();
  LogBroadcast.encode({ ...head, freeDiskRatio: head.freeDiskRatio, envelopes: [] }, writer);
  for (const { sequence, previousSequence, events } of envelopes) {
    writer.tag(FIELD.envelopes, WireType.LengthDelimited).fork();
    CommittedEnvelope.encode({ sequence, previousSequence, events: [] }, writer);
    for (const stored of events) writeEvent(writer, stored);
    writer.join();
  }
  return writer.finish();
}

function writeEvent(writer: BinaryWriter, stored: StoredEvent): void {
  const { index, bytes } = EncodedEvent.from(stored);
  writer.tag(FIELD.events, WireType.LengthDelimited).fork();
  if (index > 0) writer.tag(FIELD.index, WireType.Varint).uint32(index);
  writer.tag(FIELD.event, WireType.LengthDelimited).bytes(bytes);
  writer.join();
}

/** Decodes a `LogBroadcast`; throws an Error if the bytes are something else. */
export function decodeBroadcast(bytes: Uint8Array): Broadcast {
  const { partition, envelopes, ...head } = LogBroadcast.decode(bytes);
  return {
    ...head,
    partition,
    envelopes: envelopes.map(({ sequence, previousSequence, events }) => ({
      sequence,
      previousSequence,
      events: events.flatMap(({ index, event }) =>
        event ? [{ position: { partition, sequence, index }, event }] : [],
      ),
    })),
  };
}

/** Decodes a broadcast without its envelopes, which it skips, for callers that only need the health of the partition. */
export function decodeBroadcastHead(bytes: Uint8Array): Broadcast {
  const cursor = new FieldCursor(bytes);
  const head: Uint8Array[] = [];
  while (!cursor.isAtEnd) {
    const from = cursor.at;
    const tag = cursor.tag();
    cursor.skip(tag);
    if (tag >>> 3 !== FIELD.envelopes) head.push(bytes.subarray(from, cursor.at));
  }
  return decodeBroadcast(Buffer.concat(head));
}
