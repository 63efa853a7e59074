import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { PartitionHealth } from '@odograph/event-log/broadcast';
import { type Clock, pause } from '@odograph/kernel/clock';
import type { Logger } from '@odograph/platform/logger';
import { appendFromStream } from './append-session.ts';
import type { Broadcaster } from './broadcaster.ts';
import type { LogCollections } from './collections.ts';
import type { KeptHolders } from './holders.ts';
import { Ledger } from './ledger.ts';
import { createLedgerStore } from './ledger-store.ts';
import type { WriterMetrics } from './metrics.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';
import { acquireLease, type Lease, releaseLease, renewLease } from './partition-record.ts';
import { prepareStream, stillKnown } from './stream-check.ts';
import type { StreamFacts, StreamSettings } from './streams.ts';
import { isHalting, WriterCondition, type WriterTrouble } from './writer-condition.ts';

export interface WriterDeps {
  readonly partition: number;
  /** The name of this process in the lease. */
  readonly owner: string;
  readonly collections: LogCollections;
  readonly reader: MongoLogReader;
  readonly keptHolders: KeptHolders;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly broadcaster: Broadcaster;
  readonly streams: StreamSettings;
  readonly leaseTtlMs: number;
  /** How often the ledger is stored, in milliseconds. */
  readonly ledgerIntervalMs: number;
  readonly freeDiskRatio: () => number | undefined;
  /** Converts an error of MongoDB to a Fault in words; returns any other error as it is. */
  readonly toFault: (error: unknown) => unknown;
  readonly clock: Clock;
  readonly metrics: WriterMetrics;
  readonly logger: Logger;
}

const HEARTBEAT_MS = 1_000;

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
  readonly #condition: WriterCondition;

  constructor(deps: WriterDeps) {
    this.#deps = deps;
    this.#condition = new WriterCondition(deps);
    this.#running = this.#run();
  }

  /** Whether this process appends to the partition now. */
  get isOwner(): boolean {
    return this.#lease !== undefined && this.haltedBecause === undefined;
  }

  /** Why the partition is halted; undefined if it is not. */
  get haltedBecause(): string | undefined {
    return this.#condition.haltedBecause;
  }

  /** What failed last, and since when something fails without a success, in Unix milliseconds. */
  get trouble(): WriterTrouble {
    return this.#condition.trouble;
  }

  /** Checks the stream before it continues, at once if it waits for a retry. Call it after a reconnection. */
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
        else await this.#waitForLease(leaseTtlMs / 4);
      } catch (error) {
        const waitMs = this.#noteFault('session', error);
        await this.#pause(isHalting(error) ? HEARTBEAT_MS : waitMs);
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
    const { partition, collections, reader, keptHolders } = this.#deps;
    session.watermark = await reader.watermark(partition);
    if (this.#ledger?.through === session.watermark) return this.#ledger;
    const store = createLedgerStore(collections);
    const deps = { partition, store, reader, keptHolders };
    return await Ledger.open(deps, session.watermark, session.signal);
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
        if (!session.signal.aborted) this.#condition.resume();
        this.#condition.succeeded('session', 'append');
        session.watermark = envelopes.at(-1)?.sequence ?? session.watermark;
        broadcaster.send(session.watermark, envelopes, this.#health(session.stream));
      },
      onTrouble: (error) => this.#condition.failed('append', error),
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
        if (!session.signal.aborted) this.#noteFault('heartbeat', error);
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
    if (mismatch) this.#condition.halt(mismatch);
    else if (session.isAppending) this.#sessionSucceeded();
    this.#condition.succeeded('heartbeat');
    if (stream || this.haltedBecause) broadcaster.send(session.watermark, [], this.#health(stream));
    if (mismatch) this.#session.abort();
  }

  /** A session that has been appending for as long as a heartbeat has nothing left to complain of. */
  #sessionSucceeded(): void {
    this.#condition.resume();
    this.#condition.succeeded('session');
  }

  /** Returns how long to wait before the next try, in milliseconds. */
  #noteFault(step: 'session' | 'heartbeat', error: unknown): number {
    if (isHalting(error)) this.#halt(error.message);
    return this.#condition.failed(step, error);
  }

  /** Ingest hears it at once, because the session may end before its first heartbeat. */
  #halt(reason: string): void {
    this.#condition.halt(reason);
    this.#deps.broadcaster.send(0, [], this.#health(undefined));
  }

  /** Forgets what it knows about the stream, because the next owner checks it. */
  #loseLease(): void {
    this.#lease = undefined;
    this.#ledger = undefined;
    this.#condition.resume();
    this.#session.abort();
    this.#condition.succeeded('session', 'heartbeat', 'append');
  }

  #health(stream: StreamFacts | undefined): PartitionHealth {
    return {
      state: this.haltedBecause === undefined ? PartitionState.RUNNING : PartitionState.HALTED,
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
      this.#condition.failed('session', error);
    }
  }

  /** Another process has the lease, so it is not for this one to append. */
  async #waitForLease(ms: number): Promise<void> {
    this.#condition.succeeded('session');
    await pause(ms, this.#stopping.signal);
  }

  /** Between two sessions. */
  async #pause(ms: number): Promise<void> {
    await pause(ms, this.#beginSession().signal);
  }
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
