import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  CommittedEnvelope,
  LogBroadcast,
  type PartitionState,
} from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { EncodedEvent } from './encoded-event.ts';
import type { StoredEvent } from './log-reader.ts';

/** What the owner of a partition tells those who follow the log: envelopes that it now has, or none as a sign of life. */
export interface Broadcast extends PartitionHealth {
  readonly partition: number;
  /** The last envelope that is whole in the log. */
  readonly watermark: number;
  /** Those committed since the broadcast before, in order. */
  readonly envelopes: readonly BroadcastEnvelope[];
}

/** How a partition fares. */
export interface PartitionHealth {
  readonly state: PartitionState;
  readonly streamCreatedAtMs: number;
  /** Free share of the disk the log lies on, 0 to 1. */
  readonly freeDiskRatio?: number | undefined;
}

export interface BroadcastEnvelope {
  readonly sequence: number;
  /** The sequence of the envelope before it in the log; 0: it is the first. */
  readonly previousSequence: number;
  /** What the log has of it. */
  readonly events: readonly StoredEvent[];
}

/** The field numbers of `LogBroadcast.envelopes`, `CommittedEnvelope.events`, and `CommittedEvent`'s index and event. */
const FIELD = { envelopes: 3, events: 3, index: 1, event: 2 } as const;

/** As a `LogBroadcast`. Events that are encoded are not encoded again. */
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

/** Throws where the bytes are no `LogBroadcast`. */
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

/** The same without its envelopes, which are not even looked into: for whoever only asks how a partition fares. */
export function decodeBroadcastHead(bytes: Uint8Array): Broadcast {
  const reader = new BinaryReader(bytes);
  const head: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
    if (field !== FIELD.envelopes) head.push(bytes.subarray(from, reader.pos));
  }
  return decodeBroadcast(Buffer.concat(head));
}
