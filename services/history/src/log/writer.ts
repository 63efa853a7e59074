import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { PartitionHealth } from '@odograph/event-log/broadcast';
import { type Clock, pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { Logger } from '@odograph/platform/logger';
import { type Appended, appendEvents } from './append.ts';
import { type Broadcaster, linkEnvelopes } from './broadcaster.ts';
import type { LogCollections } from './collections.ts';
import { type EnvelopeReader, openEnvelopeReader, type ReadEnvelope } from './envelope-reader.ts';
import { HeldLease } from './held-lease.ts';
import type { WriterMetrics } from './metrics.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';
import { type Lease, readPartition } from './partition-record.ts';
import { prepareStream, stillKnown } from './stream-check.ts';
import type { StreamFacts, StreamSettings } from './streams.ts';

export interface WriterDeps {
  readonly partition: number;
  /** The name of this process in the lease. */
  readonly owner: string;
  readonly collections: LogCollections;
  readonly reader: MongoLogReader;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly broadcaster: Broadcaster;
  readonly streams: StreamSettings;
  readonly leaseTtlMs: number;
  readonly freeDiskRatio: () => number | undefined;
  readonly clock: Clock;
  readonly metrics: WriterMetrics;
  readonly logger: Logger;
}

const HEARTBEAT_MS = 1_000;
const RETRY_MS = 200;

/**
 * The log writer of a partition. It acquires the lease when it is free, reads envelopes in order from the watermark on, and
 * appends them: insert → watermark → broadcast, one batch at a time in each step.
 */
export class PartitionWriter {
  readonly #deps: WriterDeps;
  readonly #stopping = new AbortController();
  readonly #lease: HeldLease;
  readonly #running: Promise<void>;
  /** Ends the current session: the appending between two checks of the stream. */
  #session = new AbortController();
  #halted: string | undefined;
  /** Set when a position of the log held another event than the stream. The stream is repaired next. */
  #mismatch: string | undefined;

  constructor(deps: WriterDeps) {
    this.#deps = deps;
    this.#lease = new HeldLease(deps);
    this.#running = this.#run();
  }

  /** Whether this process appends to the partition now. */
  get isOwner(): boolean {
    return this.#lease.isHeld && this.#halted === undefined;
  }

  /** Why the partition is halted; undefined if it is not. */
  get haltedBecause(): string | undefined {
    return this.#halted;
  }

  /** Checks the stream before it continues. Call it after a reconnection. */
  checkAgain(): void {
    this.#session.abort();
  }

  /** Finishes the current batch and releases the lease. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#session.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        const lease = await this.#lease.acquire();
        if (lease) await this.#append(lease);
        else await this.#pause(this.#deps.leaseTtlMs / 4);
      } catch (error) {
        this.#noteFault(error);
        await this.#pause(RETRY_MS);
      }
    }
    await this.#releaseLease();
  }

  /** One session: checks the stream, then appends until a stop, a lost lease, a changed stream or a reconnection. */
  async #append(lease: Lease): Promise<void> {
    const { signal } = this.#beginSession();
    const { watermark } = await readPartition(this.#deps.collections.partitions, lease.partition);
    const session: Session = { lease, watermark, stream: undefined, signal };
    const beating = this.#beat(session);
    try {
      session.stream = await prepareStream({
        ...this.#deps,
        lease,
        knownMismatch: this.#mismatch,
        onUnknown: (reason) => this.#setHalted(reason),
        signal,
      });
      this.#mismatch = undefined;
      this.#setHalted(undefined);
      await this.#appendAll(session);
    } finally {
      this.#session.abort();
      await beating;
    }
  }

  async #appendAll(session: Session): Promise<void> {
    const { partition, collections, jetstream } = this.#deps;
    session.watermark = (await readPartition(collections.partitions, partition)).watermark;
    const envelopes = await openEnvelopeReader(jetstream, partition, session.watermark);
    const interrupt = () => void close(envelopes).catch((error: unknown) => this.#warn(error));
    session.signal.addEventListener('abort', interrupt, { once: true });
    try {
      await this.#appendBatches(session, envelopes);
    } finally {
      session.signal.removeEventListener('abort', interrupt);
      await close(envelopes);
    }
  }

  /**
   * Inserts the next batch while the watermark moves over the one before it. This is safe: readers never read above the
   * watermark, and it moves only after everything below it is inserted.
   */
  async #appendBatches(session: Session, envelopes: EnvelopeReader): Promise<void> {
    let committing: Promise<unknown> = Promise.resolve();
    try {
      while (!session.signal.aborted) {
        const batch = await envelopes.nextBatch();
        if (batch.length === 0) break;
        const appended = await this.#insert(batch);
        await committing;
        committing = this.#commit(session, batch, appended);
        // A failure ends the session, which throws it. Without the abort it would show only when the next batch comes.
        committing.catch(() => this.#session.abort());
      }
    } finally {
      await committing;
    }
  }

  #beginSession(): AbortController {
    this.#session = new AbortController();
    if (this.#stopping.signal.aborted) this.#session.abort();
    return this.#session;
  }

  async #insert(batch: readonly ReadEnvelope[]): Promise<Appended> {
    const events = batch.flatMap((envelope) => envelope.events);
    return await this.#untilKnown(() => {
      this.#lease.assertHeld();
      return appendEvents(this.#deps.collections.events, events);
    });
  }

  /** Moves the watermark over an inserted batch and broadcasts it. */
  async #commit(session: Session, batch: readonly ReadEnvelope[], appended: Appended): Promise<void> {
    const { partition, broadcaster, metrics, clock } = this.#deps;
    const last = batch.at(-1) as ReadEnvelope;
    const move = { from: session.watermark, to: last.sequence, storedAtMs: last.storedAtMs };
    await this.#untilKnown(() => this.#lease.moveWatermark(session.lease, move));
    const sequences = batch.map(({ sequence }) => sequence);
    const envelopes = linkEnvelopes(sequences, appended.committed, session.watermark);
    broadcaster.send(last.sequence, envelopes, this.#health(session.stream));
    session.watermark = last.sequence;
    metrics.committed(partition, {
      events: appended.committed.length,
      duplicates: appended.duplicates,
      conflicts: appended.conflicts,
      lagMs: clock.now() - last.storedAtMs,
    });
  }

  /** Repeats a step whose result is unknown, with the same batch, until it is known or the writer stops. */
  async #untilKnown<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (isFault(error, 'CORRUPT_LOG', 'VERSION_CONFLICT') || this.#stopping.signal.aborted) throw error;
        this.#warn(error);
        await this.#pause(RETRY_MS);
      }
    }
  }

  /** During a session, also during a repair: every second renew the lease, check the stream and send a heartbeat. */
  async #beat(session: Session): Promise<void> {
    while (!session.signal.aborted) {
      await pause(HEARTBEAT_MS, session.signal);
      try {
        if (!session.signal.aborted) await this.#checkUp(session);
      } catch (error) {
        if (!session.signal.aborted) this.#noteFault(error);
      }
    }
  }

  async #checkUp(session: Session): Promise<void> {
    const { partition, manager, broadcaster } = this.#deps;
    await this.#lease.renew(session.lease);
    const { stream, watermark } = session;
    const mismatch = stream && (await stillKnown(manager, partition, stream, watermark));
    if (session.signal.aborted) return;
    if (mismatch) this.#setHalted(mismatch);
    if (stream || this.#halted) broadcaster.send(session.watermark, [], this.#health(stream));
    if (mismatch) this.#session.abort();
  }

  #noteFault(error: unknown): void {
    if (isFault(error, 'VERSION_CONFLICT')) this.#loseLease();
    if (isFault(error, 'CORRUPT_LOG')) {
      this.#mismatch = error.message;
      this.#setHalted(error.message);
    }
    this.#warn(error);
  }

  #warn(err: unknown): void {
    const { partition, metrics, logger } = this.#deps;
    metrics.retried(partition);
    logger.warn({ partition, err }, 'appending to the log is tried again');
  }

  /** Forgets what it knows about the stream, because the next owner checks it. */
  #loseLease(): void {
    this.#lease.lose();
    this.#mismatch = undefined;
    this.#setHalted(undefined);
    this.#session.abort();
  }

  #setHalted(reason: string | undefined): void {
    if (reason !== this.#halted) this.#reportHalted(reason);
    this.#halted = reason;
  }

  #reportHalted(reason: string | undefined): void {
    const { partition, metrics, logger } = this.#deps;
    if (reason === undefined) {
      metrics.resumed(partition);
      logger.info({ partition }, 'the partition is no longer halted');
    } else {
      metrics.halted(partition);
      logger.error({ partition, reason }, 'the partition is halted: its stream is not the one the log knows');
    }
  }

  #health(stream: StreamFacts | undefined): PartitionHealth {
    return {
      state: this.#halted === undefined ? PartitionState.RUNNING : PartitionState.HALTED,
      streamCreatedAtMs: stream?.createdAtMs ?? 0,
      freeDiskRatio: this.#deps.freeDiskRatio(),
    };
  }

  /** If MongoDB is unavailable, the lease expires. */
  async #releaseLease(): Promise<void> {
    try {
      await this.#lease.release();
    } catch (error) {
      this.#warn(error);
    }
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, this.#stopping.signal);
  }
}

/** The state of one session. */
interface Session {
  readonly lease: Lease;
  /** Undefined until it is checked. */
  stream: StreamFacts | undefined;
  watermark: number;
  readonly signal: AbortSignal;
}

/** Closing deletes the consumer on the server. It does not wait long for that. */
async function close(envelopes: EnvelopeReader): Promise<void> {
  await Promise.race([envelopes.close(), delay(RETRY_MS, undefined, { ref: false })]);
}
