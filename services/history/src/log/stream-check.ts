import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { streamName } from '@odograph/event-log/nats-subjects';
import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { LogCollections } from './collections.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';
import {
  type Lease,
  moveWatermark,
  type PartitionDocument,
  readPartition,
  recordStream,
} from './partition-record.ts';
import { repairStream, restoreSetAside } from './repair.ts';
import {
  ensureStream,
  lookAtStream,
  openToDoors,
  type StreamFacts,
  type StreamSettings,
  strangenessOf,
} from './streams.ts';

export interface StreamCheckParts {
  readonly partition: number;
  readonly collections: LogCollections;
  readonly reader: MongoLogReader;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly streams: StreamSettings;
  readonly lease: Lease;
  /** What an append found that cannot be; undefined: nothing. */
  readonly suspicion: string | undefined;
  readonly leaseTtlMs: number;
  /** Told why the stream is strange, before it is repaired. */
  readonly onStrange: (reason: string) => void;
  /** Aborted when the lease is lost: somebody else goes on. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Makes sure that the partition's stream is the one the log knows, before anything is read from it.
 * A stream that was restored, created anew or cut is repaired: what it holds is set aside, its sequences jump,
 * the gap is recorded, and what was set aside is published again.
 */
export async function prepareStream(parts: StreamCheckParts): Promise<StreamFacts> {
  const { manager, partition, collections, lease } = parts;
  // What the log has is read first: a former owner may add to it, and the stream, looked at afterwards, reaches as far.
  const record = await readPartition(collections.partitions, partition);
  const knownSequence = Math.max(record.watermark, await parts.reader.highestSequence(partition));
  const found = await ensureStream(manager, partition, parts.streams);
  const strangeness =
    parts.suspicion ??
    strangenessOf(found, {
      createdAtMs: record.stream?.created_at_ms,
      knownSequence,
      resumedSequence: record.stream?.resumed_sequence ?? 0,
      watermark: record.watermark,
    }) ??
    (await otherAtWatermark(manager, found, record));
  if (strangeness) {
    parts.onStrange(strangeness);
    await repair(parts, record.watermark, knownSequence);
  } else if (!record.stream) {
    await recordStream(collections.partitions, lease, {
      created_at_ms: found.createdAtMs,
      resumed_sequence: 0,
    });
  }
  return (await lookAtStream(manager, partition)) ?? found;
}

async function repair(parts: StreamCheckParts, watermark: number, knownSequence: number): Promise<void> {
  const { manager, partition, collections, lease, streams } = parts;
  const repairing = { ...parts, knownSequence, watermark, nowMs: parts.clock.now() };
  const resumedSequence = await repairStream(repairing);
  await adoptAboveWatermark(parts, watermark, knownSequence);
  const repaired = await lookAtStream(manager, partition);
  if (!repaired)
    throw new Fault('UNAVAILABLE', `the stream of partition ${partition} went away under its repair`);
  const stream = { created_at_ms: repaired.createdAtMs, resumed_sequence: resumedSequence };
  await recordStream(collections.partitions, lease, stream);
  await restoreSetAside(repairing);
  await openToDoors(manager, partition, streams);
}

/**
 * Events that an owner stored before it died, above the watermark it did not move, are the log's: what the stream holds
 * of them comes again at other positions, and will be recognised as sent twice.
 */
async function adoptAboveWatermark(
  { collections, lease, leaseTtlMs }: StreamCheckParts,
  watermark: number,
  knownSequence: number,
): Promise<void> {
  if (knownSequence <= watermark) return;
  await moveWatermark(collections.partitions, lease, {
    from: watermark,
    to: knownSequence,
    ttlMs: leaseTtlMs,
  });
}

/** Why a stream is no longer the one that {@link prepareStream} saw; undefined when it is. */
export async function stillKnown(
  manager: JetStreamManager,
  partition: number,
  prepared: StreamFacts,
  watermark: number,
): Promise<string | undefined> {
  const now = await lookAtStream(manager, partition);
  if (!now) return 'it was deleted';
  return strangenessOf(now, {
    createdAtMs: prepared.createdAtMs,
    knownSequence: Math.max(watermark, prepared.lastSequence),
    resumedSequence: prepared.firstSequence,
    watermark,
  });
}

/** A stream restored from an older copy may have grown past the watermark again: then another envelope lies there. */
async function otherAtWatermark(
  manager: JetStreamManager,
  stream: StreamFacts,
  record: PartitionDocument,
): Promise<string | undefined> {
  const { watermark, watermark_stored_at: storedAt } = record;
  if (!storedAt || watermark < stream.firstSequence) return undefined;
  const message = await manager.streams.getMessage(streamName(record._id), { seq: watermark });
  if (!message || message.time.getTime() === storedAt.getTime()) return undefined;
  return `its envelope ${watermark} was stored at ${message.time.toISOString()}, the log's at ${storedAt.toISOString()}`;
}
