import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { streamName } from '@odograph/event-log/nats-subjects';
import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { isoTime } from '@odograph/kernel/iso-time';
import type { LogCollections } from './collections.ts';
import type { LogHead, MongoLogReader } from './mongo-log-reader.ts';
import { type Lease, readPartition, recordStream } from './partition-record.ts';
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
  readonly collections: Pick<LogCollections, 'partitions'>;
  readonly reader: Pick<MongoLogReader, 'head'>;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly streams: StreamSettings;
  readonly lease: Lease;
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
  const { stream } = await readPartition(collections.partitions, partition);
  const head = await deps.reader.head(partition);
  const watermark = head?.sequence ?? 0;
  const found = await ensureStream(manager, partition, deps.streams);
  if (head === undefined) await refuseFirstForm(manager, partition, found);
  const mismatch =
    streamMismatch(found, {
      createdAtMs: stream?.created_at_ms,
      knownSequence: watermark,
      resumedSequence: stream?.resumed_sequence ?? 0,
      watermark,
    }) ?? (await otherAtWatermark(manager, partition, found, head));
  if (mismatch) {
    deps.onUnknown(mismatch);
    await repair(deps, watermark);
  } else if (!stream) {
    await recordStream(collections.partitions, lease, {
      created_at_ms: found.createdAtMs,
      resumed_sequence: 0,
    });
  }
  return (await lookAtStream(manager, partition)) ?? found;
}

async function repair(deps: StreamCheckDeps, watermark: number): Promise<void> {
  const { manager, partition, collections, lease, streams } = deps;
  const repairing = { ...deps, watermark, nowMs: deps.clock.now() };
  const resumedSequence = await repairStream(repairing);
  const repaired = await lookAtStream(manager, partition);
  if (!repaired)
    throw new Fault('UNAVAILABLE', `the stream of partition ${partition} was deleted during its repair`);
  const stream = { created_at_ms: repaired.createdAtMs, resumed_sequence: resumedSequence };
  await recordStream(collections.partitions, lease, stream);
  await restoreSetAside(repairing);
  await openToPublishers(manager, partition, streams);
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
  partition: number,
  stream: StreamFacts,
  head: LogHead | undefined,
): Promise<string | undefined> {
  if (!head || head.sequence < stream.firstSequence) return undefined;
  const message = await manager.streams.getMessage(streamName(partition), { seq: head.sequence });
  if (!message || message.time.getTime() === head.storedAtMs) return undefined;
  const [found, known] = [message.time.toISOString(), isoTime(head.storedAtMs)];
  return `envelope ${head.sequence} of the stream was stored at ${found}, but that of the log at ${known}`;
}

/** An envelope of the log's first form had no mark: it began with its first event. */
const FIRST_FORM_BYTE = 0x0a;

/** Throws a Fault RULE_VIOLATED if a new log finds a stream of the first form: it may begin with markers of repairs. */
async function refuseFirstForm(
  manager: JetStreamManager,
  partition: number,
  { firstSequence, lastSequence }: StreamFacts,
): Promise<void> {
  for (let seq = Math.max(1, firstSequence); seq <= lastSequence; seq += 1) {
    const message = await manager.streams.getMessage(streamName(partition), { seq });
    if (!message?.data.length) continue;
    if (message.data[0] !== FIRST_FORM_BYTE) return;
    throw new Fault(
      'RULE_VIOLATED',
      `stream ${streamName(partition)} holds envelopes of the first form, which this version does not read: ` +
        'delete the streams of NATS, or the data directory',
    );
  }
}
