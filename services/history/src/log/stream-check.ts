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
  openToPublishers,
  type StreamFacts,
  type StreamSettings,
  streamMismatch,
} from './streams.ts';

export interface StreamCheckDeps {
  readonly partition: number;
  readonly collections: LogCollections;
  readonly reader: MongoLogReader;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly streams: StreamSettings;
  readonly lease: Lease;
  /** Why an append found that the stream is another one; undefined: it did not. */
  readonly knownMismatch: string | undefined;
  readonly leaseTtlMs: number;
  /** Called before a repair, with the reason why the log does not know the stream. */
  readonly onUnknown: (reason: string) => void;
  /** Aborted when the lease is lost. The next owner continues. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Checks that the partition's stream is the one the log knows, before anything is read from it.
 * If it was restored, recreated or purged, it is repaired: its envelopes are set aside, its sequences jump, the gap is
 * recorded, and the envelopes are published again.
 */
export async function prepareStream(deps: StreamCheckDeps): Promise<StreamFacts> {
  const { manager, partition, collections, lease } = deps;
  // The log first, then the stream: a former owner may still append, and the stream must not end below what it appended.
  const record = await readPartition(collections.partitions, partition);
  const knownSequence = Math.max(record.watermark, await deps.reader.highestSequence(partition));
  const found = await ensureStream(manager, partition, deps.streams);
  const mismatch =
    deps.knownMismatch ??
    streamMismatch(found, {
      createdAtMs: record.stream?.created_at_ms,
      knownSequence,
      resumedSequence: record.stream?.resumed_sequence ?? 0,
      watermark: record.watermark,
    }) ??
    (await otherAtWatermark(manager, found, record));
  if (mismatch) {
    deps.onUnknown(mismatch);
    await repair(deps, record.watermark, knownSequence);
  } else if (!record.stream) {
    await recordStream(collections.partitions, lease, {
      created_at_ms: found.createdAtMs,
      resumed_sequence: 0,
    });
  }
  return (await lookAtStream(manager, partition)) ?? found;
}

async function repair(deps: StreamCheckDeps, watermark: number, knownSequence: number): Promise<void> {
  const { manager, partition, collections, lease, streams } = deps;
  const repairing = { ...deps, knownSequence, watermark, nowMs: deps.clock.now() };
  const resumedSequence = await repairStream(repairing);
  await adoptAboveWatermark(deps, watermark, knownSequence);
  const repaired = await lookAtStream(manager, partition);
  if (!repaired)
    throw new Fault('UNAVAILABLE', `the stream of partition ${partition} was deleted during its repair`);
  const stream = { created_at_ms: repaired.createdAtMs, resumed_sequence: resumedSequence };
  await recordStream(collections.partitions, lease, stream);
  await restoreSetAside(repairing);
  await openToPublishers(manager, partition, streams);
}

/**
 * Moves the watermark over events that an owner inserted before it died. The stream has them too: after the repair they come
 * again at other positions, and are recognized as duplicates.
 */
async function adoptAboveWatermark(
  { collections, lease, leaseTtlMs }: StreamCheckDeps,
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

/** Why the stream has changed since {@link prepareStream}; undefined if it has not. */
export async function stillKnown(
  manager: JetStreamManager,
  partition: number,
  prepared: StreamFacts,
  watermark: number,
): Promise<string | undefined> {
  const now = await lookAtStream(manager, partition);
  if (!now) return 'the stream was deleted';
  return streamMismatch(now, {
    createdAtMs: prepared.createdAtMs,
    knownSequence: Math.max(watermark, prepared.lastSequence),
    resumedSequence: prepared.firstSequence,
    watermark,
  });
}

/** A stream that was restored from an older copy may have grown past the watermark and have another envelope there. */
async function otherAtWatermark(
  manager: JetStreamManager,
  stream: StreamFacts,
  record: PartitionDocument,
): Promise<string | undefined> {
  const { watermark, watermark_stored_at: storedAt } = record;
  if (!storedAt || watermark < stream.firstSequence) return undefined;
  const message = await manager.streams.getMessage(streamName(record._id), { seq: watermark });
  if (!message || message.time.getTime() === storedAt.getTime()) return undefined;
  const [found, known] = [message.time.toISOString(), storedAt.toISOString()];
  return `envelope ${watermark} of the stream was stored at ${found}, but that of the log at ${known}`;
}
