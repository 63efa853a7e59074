import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { PartitionHealth } from '@odograph/event-log/broadcast';
import { type Clock, pause } from '@odograph/kernel/clock';
import { type Fault, isFault } from '@odograph/kernel/fault';
import type { Logger } from '@odograph/platform/logger';
import { appendFromStream } from './append-session.ts';
import type { Broadcaster } from './broadcaster.ts';
import type { LogCollections } from './collections.ts';
import { Ledger } from './ledger.ts';
import { createLedgerStore } from './ledger-store.ts';
import type { WriterMetrics } from './metrics.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';
import { acquireLease, type Lease, releaseLease, renewLease } from './partition-record.ts';
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
  /** How often the ledger is stored, in milliseconds. */
  readonly ledgerIntervalMs: number;
  readonly freeDiskRatio: () => number | undefined;
  readonly clock: Clock;
  readonly metrics: WriterMetrics;
  readonly logger: Logger;
}

const HEARTBEAT_MS = 1_000;
const RETRY_MS = 200;

/**
 * The log writer of a partition. It acquires the lease when it is free, checks the stream, and appends what the stream has
 * (append-session.ts) until something makes it check again.
 */
export class PartitionWriter {
  readonly #deps: WriterDeps;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #lease: Lease | undefined;
  /** Ends the current session: the appending between two checks of the stream. */
  #session = new AbortController();
  /** Kept between sessions while it is at the end of the log. */
  #ledger: Ledger | undefined;
  #halted: string | undefined;

  constructor(deps: WriterDeps) {
    this.#deps = deps;
    this.#running = this.#run();
  }

  /** Whether this process appends to the partition now. */
  get isOwner(): boolean {
    return this.#lease !== undefined && this.#halted === undefined;
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
    const { collections, partition, owner, leaseTtlMs } = this.#deps;
    const { partitions } = collections;
    while (!this.#stopping.signal.aborted) {
      try {
        this.#lease ??= await acquireLease(partitions, partition, owner, leaseTtlMs);
        if (this.#lease) await this.#append(this.#lease);
        else await this.#pause(leaseTtlMs / 4);
      } catch (error) {
        this.#noteFault(error);
        await this.#pause(isHalting(error) ? HEARTBEAT_MS : RETRY_MS);
      }
    }
    await this.#releaseLease();
  }

  /** One session: checks the stream, then appends until a stop, a lost lease, a changed stream or a reconnection. */
  async #append(lease: Lease): Promise<void> {
    if (!(await this.#renew(lease))) return this.#loseLease();
    const { signal } = this.#beginSession();
    const session: Session = { lease, watermark: 0, stream: undefined, isAppending: false, signal };
    const beating = this.#beat(session);
    try {
      session.stream = await prepareStream({
        ...this.#deps,
        lease,
        onUnknown: (reason) => this.#halt(reason),
        signal,
      });
      await this.#appendWith(session, await this.#openLedger(session));
    } finally {
      this.#session.abort();
      await beating;
    }
  }

  /** The ledger of the session before, if nothing was appended since. */
  async #openLedger(session: Session): Promise<Ledger> {
    const { partition, collections, reader } = this.#deps;
    session.watermark = await reader.watermark(partition);
    if (this.#ledger?.through === session.watermark) return this.#ledger;
    const store = createLedgerStore(collections);
    return await Ledger.open({ partition, store, reader }, session.watermark, session.signal);
  }

  async #appendWith(session: Session, ledger: Ledger): Promise<void> {
    const { broadcaster } = this.#deps;
    this.#ledger = undefined;
    session.isAppending = true;
    await appendFromStream({
      ...this.#deps,
      ledger,
      signal: session.signal,
      onAppended: (envelopes) => {
        if (!session.signal.aborted) this.#setHalted(undefined);
        session.watermark = envelopes.at(-1)?.sequence ?? session.watermark;
        broadcaster.send(session.watermark, envelopes, this.#health(session.stream));
      },
      onTrouble: (error) => this.#warn(error),
    });
    // Another owner may have stored the ledger since the lease was lost.
    if (this.#lease === session.lease) this.#ledger = ledger;
  }

  #beginSession(): AbortController {
    this.#session = new AbortController();
    if (this.#stopping.signal.aborted) this.#session.abort();
    return this.#session;
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

  /** False if the lease is lost. */
  #renew(lease: Lease): Promise<boolean> {
    const { collections, leaseTtlMs } = this.#deps;
    return renewLease(collections.partitions, lease, leaseTtlMs);
  }

  async #checkUp(session: Session): Promise<void> {
    const { partition, manager, broadcaster } = this.#deps;
    if (!(await this.#renew(session.lease))) return this.#loseLease();
    const { stream, watermark } = session;
    const mismatch = stream && (await stillKnown(manager, partition, stream, watermark));
    if (session.signal.aborted) return;
    if (mismatch) this.#setHalted(mismatch);
    else if (session.isAppending) this.#setHalted(undefined);
    if (stream || this.#halted) broadcaster.send(session.watermark, [], this.#health(stream));
    if (mismatch) this.#session.abort();
  }

  #noteFault(error: unknown): void {
    if (isHalting(error)) this.#halt(error.message);
    this.#warn(error);
  }

  /** Ingest hears it at once, because the session may end before its first heartbeat. */
  #halt(reason: string): void {
    this.#setHalted(reason);
    this.#deps.broadcaster.send(0, [], this.#health(undefined));
  }

  #warn(err: unknown): void {
    const { partition, metrics, logger } = this.#deps;
    metrics.retried(partition);
    logger.warn({ partition, err }, 'appending to the log is tried again');
  }

  /** Forgets what it knows about the stream, because the next owner checks it. */
  #loseLease(): void {
    this.#lease = undefined;
    this.#ledger = undefined;
    this.#setHalted(undefined);
    this.#session.abort();
  }

  /** It stays halted until a session appends, or is ready to append for as long as a heartbeat. */
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
      logger.error({ partition, reason }, 'the partition is halted');
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
      if (this.#lease) await releaseLease(this.#deps.collections.partitions, this.#lease);
      this.#lease = undefined;
    } catch (error) {
      this.#warn(error);
    }
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, this.#stopping.signal);
  }
}

/** Whether only an operator can end the cause: no owner can read the stream or the log. */
function isHalting(error: unknown): error is Fault {
  return isFault(error, 'RULE_VIOLATED', 'CORRUPT_LOG');
}

/** The state of one session. */
interface Session {
  readonly lease: Lease;
  /** Undefined until it is checked. */
  stream: StreamFacts | undefined;
  watermark: number;
  /** The stream is checked and the ledger is open. */
  isAppending: boolean;
  readonly signal: AbortSignal;
}
