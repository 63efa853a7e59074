import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { Fate } from '@odograph/event-log/committed-envelope';
import { type Clock, pause } from '@odograph/kernel/clock';
import { Fault, isFault } from '@odograph/kernel/fault';
import { appendEnvelopes } from './append.ts';
import type { LogCollections } from './collections.ts';
import { type EnvelopeReader, openEnvelopeReader } from './envelope-reader.ts';
import type { JudgedEnvelope, Ledger } from './ledger.ts';
import { createLedgerStoring, type LedgerStoring } from './ledger-storing.ts';
import type { WriterMetrics } from './metrics.ts';
import { readPartition } from './partition-record.ts';

interface AppendSessionDeps {
  readonly partition: number;
  readonly collections: Pick<LogCollections, 'envelopes' | 'partitions'>;
  readonly jetstream: JetStreamClient;
  /** Judges what comes next. It is at the end of the log. */
  readonly ledger: Ledger;
  /** How often the ledger is stored, in milliseconds. */
  readonly ledgerIntervalMs: number;
  /** Called after envelopes were appended. */
  readonly onAppended: (envelopes: readonly JudgedEnvelope[]) => void;
  /** Called with the error of a step that is tried again. Returns how long to wait before, in milliseconds. */
  readonly onTrouble: (error: unknown) => number;
  readonly metrics: Pick<WriterMetrics, 'committed' | 'lookedUp'>;
  readonly clock: Clock;
  /** Ends the session: a stop, a lost lease, a changed stream, or a reconnection. */
  readonly signal: AbortSignal;
}

/** How long the end of a session waits for the server to delete its consumer. */
const CLOSE_WITHIN_MS = 200;

/**
 * Appends what the stream has after the end of the log, until the signal is aborted.
 * Throws if anything fails that is not tried again; then the ledger must not be used any more.
 */
export async function appendFromStream(deps: AppendSessionDeps): Promise<void> {
  const { partition, jetstream, ledger, signal } = deps;
  const { set_aside: setAside = [] } = await readPartition(deps.collections.partitions, partition);
  const envelopes = await openEnvelopeReader(jetstream, { partition, setAside }, ledger.through);
  const interrupt = () => void close(envelopes).catch(deps.onTrouble);
  signal.addEventListener('abort', interrupt, { once: true });
  const failed = new AbortController();
  // Without closing the reader, a failure would show only when the next batch comes.
  failed.signal.addEventListener('abort', interrupt, { once: true });
  const storing = createLedgerStoring(ledger, deps.ledgerIntervalMs);
  try {
    await appendBatches(deps, envelopes, { failed, storing });
    await storing.storeRest();
  } finally {
    signal.removeEventListener('abort', interrupt);
    await Promise.all([close(envelopes), storing.done()]);
  }
}

interface Course {
  /** Aborted by a batch that cannot be appended. */
  readonly failed: AbortController;
  readonly storing: LedgerStoring;
}

/**
 * Read → judge → append. The next batch is judged while the one before is appended; only then is it appended itself, so the
 * log has no gap at any moment.
 */
async function appendBatches(
  deps: AppendSessionDeps,
  envelopes: EnvelopeReader,
  { failed, storing }: Course,
): Promise<void> {
  const { ledger, signal, metrics, partition } = deps;
  let appending: Promise<void> = Promise.resolve();
  try {
    while (!signal.aborted && !failed.signal.aborted) {
      const batch = await envelopes.nextBatch();
      if (batch.length === 0) break;
      await storing.startIfDue(appending);
      const lookups = ledger.lookups;
      const judged = await ledger.judge(batch);
      metrics.lookedUp(partition, ledger.lookups - lookups);
      await appending;
      appending = appendBatch(deps, judged);
      appending.catch(() => failed.abort());
    }
  } finally {
    await appending;
  }
}

async function appendBatch(deps: AppendSessionDeps, envelopes: readonly JudgedEnvelope[]): Promise<void> {
  const { partition, metrics, clock } = deps;
  await appendUntilKnown(deps, envelopes);
  deps.onAppended(envelopes);
  const fates = envelopes.flatMap((envelope) => envelope.fates);
  const count = (kind: Fate['kind']) => fates.filter((fate) => fate.kind === kind).length;
  metrics.committed(partition, {
    events: envelopes.reduce((sum, { events }) => sum + events.length, 0),
    duplicates: count('duplicate'),
    conflicts: count('conflict'),
    superseded: count('superseded'),
    lagMs: clock.now() - (envelopes.at(-1)?.storedAtMs ?? 0),
  });
}

/** Repeats the append until its result is known, or until the session ends. */
async function appendUntilKnown(
  { collections, partition, onTrouble, signal }: AppendSessionDeps,
  envelopes: readonly JudgedEnvelope[],
): Promise<void> {
  for (;;) {
    try {
      const result = await appendEnvelopes(collections.envelopes, envelopes);
      if (result === 'appended') return;
      throw new Fault(
        'VERSION_CONFLICT',
        `another owner has continued the log of partition ${partition}: it is read again`,
      );
    } catch (error) {
      if (isFault(error, 'VERSION_CONFLICT') || signal.aborted) throw error;
      await pause(onTrouble(error), signal);
    }
  }
}

/** Closing deletes the consumer on the server. */
async function close(envelopes: EnvelopeReader): Promise<void> {
  await Promise.race([envelopes.close(), delay(CLOSE_WITHIN_MS, undefined, { ref: false })]);
}
