import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { PartitionHealth } from '@odograph/event-log/broadcast';
import { type Clock, pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { type Appended, appendEvents } from './append.ts';
import { type Broadcaster, linkEnvelopes } from './broadcast.ts';
import type { LogCollections } from './collections.ts';
import { type EnvelopeReader, openEnvelopeReader, type ReadEnvelope } from './envelope-reader.ts';
import { HeldLease } from './held-lease.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';
import { type Lease, readPartition } from './partition-record.ts';
import { prepareStream, stillKnown } from './stream-check.ts';
import type { StreamFacts, StreamSettings } from './streams.ts';

/** What the writer tells of its work, for metrics and the log. */
export interface WriterObserver {
  onCommitted(partition: number, batch: CommittedBatch): void;
  /** Something failed and will be tried again. */
  onTrouble(partition: number, error: unknown): void;
  /** The stream is not the one the log knows, or is that again: reason undefined. */
  onHalted(partition: number, reason: string | undefined): void;
}

export interface CommittedBatch {
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
  readonly clock: Clock;
  readonly observer: WriterObserver;
}

const HEARTBEAT_MS = 1_000;
const RETRY_MS = 200;

/**
 * The log writer of a partition: takes the lease when it is free, reads envelopes in order from the watermark on, and
 * appends them: insert → watermark → broadcast, one batch at a time at each step.
 */
export class PartitionWriter {
  readonly #parts: WriterParts;
  readonly #stopping = new AbortController();
  readonly #lease: HeldLease;
  readonly #running: Promise<void>;
  /** One stretch of appending, from one check of the stream to the next. */
  #turn = new AbortController();
  #halted: string | undefined;
  /** Set when a position held something else than the stream said: the stream is repaired before anything else. */
  #suspicion: string | undefined;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#lease = new HeldLease(parts);
    this.#running = this.#run();
  }

  /** Whether this process appends to the partition now. */
  get isOwner(): boolean {
    return this.#lease.isHeld && this.#halted === undefined;
  }

  /** Why the partition is halted; undefined when it is not. */
  get haltedBecause(): string | undefined {
    return this.#halted;
  }

  /** Looks at the stream again before it goes on: to be called when the connection was lost and found. */
  checkAgain(): void {
    this.#turn.abort();
  }

  /** Ends after the batch under way and gives the lease up. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#turn.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        const lease = await this.#lease.acquire();
        if (lease) await this.#append(lease);
        else await this.#pause(this.#parts.leaseTtlMs / 4);
      } catch (error) {
        this.#noteFault(error);
        await this.#pause(RETRY_MS);
      }
    }
    await this.#giveUpLease();
  }

  /** Checks the stream, then appends, until the turn ends: by a stop, a lost lease, a strange stream, or a reconnection. */
  async #append(lease: Lease): Promise<void> {
    const { signal } = this.#beginTurn();
    const { watermark } = await readPartition(this.#parts.collections.partitions, lease.partition);
    const turn: Turn = { lease, watermark, stream: undefined, signal };
    const beating = this.#beat(turn);
    try {
      turn.stream = await prepareStream({
        ...this.#parts,
        lease,
        suspicion: this.#suspicion,
        onStrange: (reason) => this.#setHalted(reason),
        signal,
      });
      this.#suspicion = undefined;
      this.#setHalted(undefined);
      await this.#appendAll(turn);
    } finally {
      this.#turn.abort();
      await beating;
    }
  }

  async #appendAll(turn: Turn): Promise<void> {
    const { partition, collections, jetstream, observer } = this.#parts;
    turn.watermark = (await readPartition(collections.partitions, partition)).watermark;
    const envelopes = await openEnvelopeReader(jetstream, partition, turn.watermark);
    const interrupt = () =>
      void close(envelopes).catch((error: unknown) => observer.onTrouble(partition, error));
    turn.signal.addEventListener('abort', interrupt, { once: true });
    try {
      await this.#appendBatches(turn, envelopes);
    } finally {
      turn.signal.removeEventListener('abort', interrupt);
      await close(envelopes);
    }
  }

  /**
   * One batch after the other. While the watermark moves over one, the next is inserted already: what lies above the
   * watermark does not exist to a reader, and a watermark moves only once the log has all below it.
   */
  async #appendBatches(turn: Turn, envelopes: EnvelopeReader): Promise<void> {
    let committing: Promise<unknown> = Promise.resolve();
    try {
      while (!turn.signal.aborted) {
        const batch = await envelopes.take();
        if (batch.length === 0) break;
        const appended = await this.#insert(batch);
        await committing;
        committing = this.#commit(turn, batch, appended);
        // What goes wrong ends the turn, and is thrown at its end: where nothing else comes, nobody would look before.
        committing.catch(() => this.#turn.abort());
      }
    } finally {
      await committing;
    }
  }

  #beginTurn(): AbortController {
    this.#turn = new AbortController();
    if (this.#stopping.signal.aborted) this.#turn.abort();
    return this.#turn;
  }

  async #insert(batch: readonly ReadEnvelope[]): Promise<Appended> {
    const events = batch.flatMap((envelope) => envelope.events);
    return await this.#untilKnown(() => {
      this.#lease.assertHeld();
      return appendEvents(this.#parts.collections.events, events);
    });
  }

  /** Moves the watermark over a batch that is in the log, and tells of it. */
  async #commit(turn: Turn, batch: readonly ReadEnvelope[], appended: Appended): Promise<void> {
    const { partition, broadcaster, observer } = this.#parts;
    const last = batch.at(-1) as ReadEnvelope;
    const move = { from: turn.watermark, to: last.sequence, storedAtMs: last.storedAtMs };
    await this.#untilKnown(() => this.#lease.moveWatermark(turn.lease, move));
    const sequences = batch.map(({ sequence }) => sequence);
    const envelopes = linkEnvelopes(sequences, appended.committed, turn.watermark);
    broadcaster.tell(last.sequence, envelopes, this.#health(turn.stream));
    turn.watermark = last.sequence;
    observer.onCommitted(partition, {
      events: appended.committed.length,
      duplicates: appended.duplicates,
      conflicts: appended.conflicts,
      storedAtMs: last.storedAtMs,
    });
  }

  /** Repeats what failed for an unknown reason, with the same batch, until the answer is known or the writer stops. */
  async #untilKnown<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (isFault(error, 'CORRUPT_LOG', 'VERSION_CONFLICT') || this.#stopping.signal.aborted) throw error;
        this.#parts.observer.onTrouble(this.#parts.partition, error);
        await this.#pause(RETRY_MS);
      }
    }
  }

  /** While a turn lasts, every second: hold the lease, look at the stream, give a sign of life; also during a repair. */
  async #beat(turn: Turn): Promise<void> {
    while (!turn.signal.aborted) {
      await pause(HEARTBEAT_MS, turn.signal);
      try {
        if (!turn.signal.aborted) await this.#checkUp(turn);
      } catch (error) {
        if (!turn.signal.aborted) this.#noteFault(error);
      }
    }
  }

  async #checkUp(turn: Turn): Promise<void> {
    const { partition, manager, broadcaster } = this.#parts;
    await this.#lease.renew(turn.lease);
    const { stream, watermark } = turn;
    const strangeness = stream && (await stillKnown(manager, partition, stream, watermark));
    if (turn.signal.aborted) return;
    if (strangeness) this.#setHalted(strangeness);
    if (stream || this.#halted) broadcaster.tell(turn.watermark, [], this.#health(stream));
    if (strangeness) this.#turn.abort();
  }

  #noteFault(error: unknown): void {
    if (isFault(error, 'VERSION_CONFLICT')) this.#loseLease();
    if (isFault(error, 'CORRUPT_LOG')) {
      this.#suspicion = error.message;
      this.#setHalted(error.message);
    }
    this.#parts.observer.onTrouble(this.#parts.partition, error);
  }

  /** Whoever holds it now judges the stream for itself. */
  #loseLease(): void {
    this.#lease.lose();
    this.#suspicion = undefined;
    this.#setHalted(undefined);
    this.#turn.abort();
  }

  #setHalted(reason: string | undefined): void {
    const { partition, observer } = this.#parts;
    if (reason !== this.#halted) observer.onHalted(partition, reason);
    this.#halted = reason;
  }

  #health(stream: StreamFacts | undefined): PartitionHealth {
    return {
      state: this.#halted === undefined ? PartitionState.RUNNING : PartitionState.HALTED,
      streamCreatedAtMs: stream?.createdAtMs ?? 0,
      freeDiskRatio: this.#parts.freeDiskRatio(),
    };
  }

  /** Where MongoDB is away, the lease will run out. */
  async #giveUpLease(): Promise<void> {
    try {
      await this.#lease.giveUp();
    } catch (error) {
      this.#parts.observer.onTrouble(this.#parts.partition, error);
    }
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, this.#stopping.signal);
  }
}

/** What one turn of appending stands on. */
interface Turn {
  readonly lease: Lease;
  /** Undefined until it has been checked. */
  stream: StreamFacts | undefined;
  watermark: number;
  readonly signal: AbortSignal;
}

/** Closing asks the server to forget the consumer, which is not waited for long. */
async function close(envelopes: EnvelopeReader): Promise<void> {
  await Promise.race([envelopes.close(), delay(RETRY_MS, undefined, { ref: false })]);
}
