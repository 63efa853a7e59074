import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { Fault, isFault } from '@odograph/kernel/fault';
import { appendEvents } from './append.ts';
import { type Broadcaster, linkEnvelopes } from './broadcast.ts';
import type { LogCollections } from './collections.ts';
import { type EnvelopeReader, openEnvelopeReader, type ReadEnvelope } from './envelope-reader.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';
import { type Lease, moveWatermark, readPartition, releaseLease, renewLease, takeLease } from './partition-record.ts';
import { prepareStream, stillKnown } from './stream-check.ts';
import type { StreamSettings, StreamView } from './streams.ts';

/** What the writer tells of its work, for metrics and the log. */
export interface WriterObserver {
  onCommitted?(partition: number, batch: CommittedBatch): void;
  /** Something failed and will be tried again. */
  onTrouble?(partition: number, error: unknown): void;
  /** The stream is not the one the log knows, or is that again: reason undefined. */
  onHalted?(partition: number, reason: string | undefined): void;
}

export interface CommittedBatch {
  readonly envelopes: number;
  readonly events: number;
  readonly duplicates: number;
  readonly conflicts: number;
  /** The last envelope's time in JetStream: Unix time, milliseconds. */
  readonly storedAtMs: number;
}

export interface WriterParts {
  readonly partition: number;
  /** Names this process among those that could append. */
  readonly owner: string;
  readonly collections: LogCollections;
  readonly reader: MongoLogReader;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly broadcaster: Broadcaster;
  readonly streams: StreamSettings;
  readonly leaseTtlMs: number;
  readonly freeDiskRatio: () => number | undefined;
  readonly observer?: WriterObserver;
}

/** What one process knows of a partition's writer. */
export interface PartitionWriter {
  readonly partition: number;
  /** Whether this process appends to the partition now. */
  isOwner(): boolean;
  /** Why the partition is halted; undefined when it is not. */
  haltedBecause(): string | undefined;
  /** Looks at the stream again before it goes on: to be called when the connection was lost and found. */
  checkAgain(): void;
  /** Ends after the batch under way and gives the lease up. */
  stop(): Promise<void>;
}

const HEARTBEAT_MS = 1_000;
const RETRY_MS = 200;

/**
 * The log writer of a partition: takes the lease when it is free, reads envelopes in order from the watermark on, and
 * appends them: one batch at a time, insert → watermark → broadcast.
 */
export function startWriter(parts: WriterParts): PartitionWriter {
  const { partition, collections, observer } = parts;
  const stopping = new AbortController();
  let turn: AbortController | undefined;
  let lease: Lease | undefined;
  let halted: string | undefined;

  function setHalted(reason: string | undefined): void {
    if (reason !== halted) observer?.onHalted?.(partition, reason);
    halted = reason;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        lease ??= await takeLease(collections.partitions, partition, parts.owner, parts.leaseTtlMs);
        if (lease) await appendUntilInterrupted(lease);
        else await pause(parts.leaseTtlMs / 4);
      } catch (error) {
        if (isFault(error, 'VERSION_CONFLICT')) lease = undefined;
        if (isFault(error, 'CORRUPT_LOG')) setHalted(error.message);
        observer?.onTrouble?.(partition, error);
        await pause(RETRY_MS);
      }
    }
    if (lease) await releaseLease(collections.partitions, lease);
  }

  /** Appends until the turn is interrupted: by a stop, a lost lease, a strange stream, or a reconnection. */
  async function appendUntilInterrupted(held: Lease): Promise<void> {
    turn = new AbortController();
    const { signal } = turn;
    if (stopping.signal.aborted) return;
    const stream = await prepareStream({ ...parts, lease: held, onStrange: setHalted, beat: () => beat(held) });
    setHalted(undefined);
    let { watermark } = await readPartition(collections.partitions, partition);
    const envelopes = await openEnvelopeReader(parts.jetstream, partition, watermark);
    const interrupt = () => void close(envelopes).catch((error: unknown) => observer?.onTrouble?.(partition, error));
    signal.addEventListener('abort', interrupt, { once: true });
    const heart = setInterval(() => void checkUp(held, stream, () => watermark), HEARTBEAT_MS);
    try {
      while (!signal.aborted) {
        const batch = await envelopes.take();
        if (batch.length === 0) break;
        watermark = await commit(held, batch, watermark, stream);
      }
    } finally {
      clearInterval(heart);
      signal.removeEventListener('abort', interrupt);
      await close(envelopes);
    }
  }

  async function commit(held: Lease, batch: readonly ReadEnvelope[], from: number, stream: StreamView) {
    const last = batch.at(-1) as ReadEnvelope;
    const appended = await untilKnown(() => appendEvents(collections.events, batch.flatMap(({ events }) => events)));
    await untilKnown(() =>
      moveWatermark(collections.partitions, held, {
        from,
        to: last.sequence,
        storedAtMs: last.storedAtMs,
        ttlMs: parts.leaseTtlMs,
      }),
    );
    const sequences = batch.map(({ sequence }) => sequence);
    parts.broadcaster.tell(last.sequence, linkEnvelopes(sequences, appended.committed, from), healthOf(stream));
    observer?.onCommitted?.(partition, {
      envelopes: batch.length,
      events: appended.committed.length,
      duplicates: appended.duplicates,
      conflicts: appended.conflicts,
      storedAtMs: last.storedAtMs,
    });
    return last.sequence;
  }

  /** Repeats what failed for an unknown reason, with the same batch, until the answer is known or the writer stops. */
  async function untilKnown<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (isFault(error, 'CORRUPT_LOG', 'VERSION_CONFLICT') || stopping.signal.aborted) throw error;
        observer?.onTrouble?.(partition, error);
        await pause(RETRY_MS);
      }
    }
  }

  /** Every second: hold the lease, look at the stream, give a sign of life. */
  async function checkUp(held: Lease, stream: StreamView, watermark: () => number): Promise<void> {
    try {
      if (!(await renewLease(collections.partitions, held, parts.leaseTtlMs))) {
        throw new Fault('VERSION_CONFLICT', `the lease of partition ${partition} is lost`);
      }
      const known = watermark();
      const strangeness = await stillKnown(parts.manager, partition, stream, known);
      if (strangeness) {
        setHalted(strangeness);
        turn?.abort();
      }
      parts.broadcaster.tell(watermark(), [], healthOf(stream));
    } catch (error) {
      if (isFault(error, 'VERSION_CONFLICT')) {
        lease = undefined;
        turn?.abort();
      }
      observer?.onTrouble?.(partition, error);
    }
  }

  /** A sign of life during a repair, which may take long. */
  async function beat(held: Lease): Promise<void> {
    await renewLease(collections.partitions, held, parts.leaseTtlMs);
    parts.broadcaster.tell(held.record.watermark, [], {
      state: PartitionState.HALTED,
      streamCreatedAtMs: held.record.stream?.created_at_ms ?? 0,
    });
  }

  function healthOf(stream: StreamView) {
    return {
      state: halted === undefined ? PartitionState.RUNNING : PartitionState.HALTED,
      streamCreatedAtMs: stream.createdAtMs,
      freeDiskRatio: parts.freeDiskRatio(),
    };
  }

  const pause = (ms: number) => delay(ms, undefined, { signal: stopping.signal }).catch(ignoreAbort);
  const running = run();

  return {
    partition,
    isOwner: () => lease !== undefined && halted === undefined,
    haltedBecause: () => halted,
    checkAgain: () => turn?.abort(),
    async stop() {
      stopping.abort();
      turn?.abort();
      await running;
    },
  };
}

/** Closing asks the server to forget the consumer; without a server it is forgotten anyway. */
async function close(envelopes: EnvelopeReader): Promise<void> {
  await Promise.race([envelopes.close(), delay(RETRY_MS, undefined, { ref: false })]);
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
