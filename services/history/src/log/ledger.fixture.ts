import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { type CommittedEnvelope, eventsOf, sentEvents } from '@odograph/event-log/committed-envelope';
import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import { type BucketName, firstBucket, nextBucket, textOf } from '../domain/ledger/bucket.ts';
import { Entries } from '../domain/ledger/entries.ts';
import type { KnownTimes } from '../domain/ledger/known-times.ts';
import type { ReadEnvelope } from './envelope-reader.ts';
import { createKeptHolders } from './holders.ts';
import { type JudgedEnvelope, Ledger } from './ledger.ts';
import type { LedgerStore } from './ledger-store.ts';

export const START_MS = 1_700_000_000_000;

export interface ReportSketch {
  readonly subject: string;
  /** Milliseconds after the start; undefined if the vehicle has no clock. */
  readonly time: number | undefined;
  readonly id: string;
  readonly content: number;
}

/** The event of a report, believed or not. */
export function reportOf(
  { subject, time, id, content }: ReportSketch,
  type: 'TelemetryReported' | 'TelemetryQuarantined' = 'TelemetryReported',
): Event {
  const observedAtMs = time === undefined ? 0 : START_MS + time;
  const head = { subject, reportId: id, observedAtMs, receivedAtMs: START_MS };
  const sample = { observedAtMs: START_MS, signals: { speed_kmh: content } };
  const event =
    type === 'TelemetryReported'
      ? { type, ...head, samples: [sample] }
      : { type, ...head, samples: [{ sampleIndex: 0, sample, findings: [] }] };
  return encodeEvent(event, { contentHash: Buffer.alloc(16, content) });
}

export function decisionOf(subject: string, id: string, aggregateVersion: number, content = 0): Event {
  const event = reportOf({ subject, time: undefined, id, content });
  return { ...event, type: 'VehicleUpdated', aggregateVersion };
}

export function envelopeOf(sequence: number, events: readonly Event[]): ReadEnvelope {
  const bytes = packEnvelope(events.map(encodeEnvelopeEntry));
  const message = { partition: 0, sequence, storedAtMs: START_MS, bytes };
  return { ...message, events: sentEvents(message) };
}

/** A message that is not an envelope. */
export function garbageOf(sequence: number, content: number): ReadEnvelope {
  const message = { partition: 0, sequence, storedAtMs: START_MS, bytes: Buffer.from([0xff, content]) };
  return { ...message, events: sentEvents(message) };
}

/** What happens to a store whose owner dies. */
export const DEATH = new Error('the owner died');
/** What happens to a store whose owner is not the owner any more. */
export const MOVED = new Error('another owner moved the checkpoint');

type LedgerOptions = NonNullable<Parameters<typeof Ledger.open>[0]['options']>;

/** A stored ledger in memory that takes turns as MongoDB does. Its buckets are full with three keys. */
function createTestStore() {
  const buckets = new Map<string, Entries>();
  const times = new Map<string, { through: number; known: KnownTimes }>();
  const reads = { buckets: 0, times: 0 };
  let checkpoint = 0;
  let writesLeft = Number.POSITIVE_INFINITY;
  const isFull = (bucket: BucketName, { count }: Entries) => count >= 3 && bucket.prefix.length < 8;

  async function write(): Promise<void> {
    await nextTurn();
    if (writesLeft-- <= 0) throw DEATH;
  }

  async function addTo(bucket: BucketName, added: Entries): Promise<void> {
    await write();
    const stored = buckets.get(textOf(bucket)) ?? new Entries();
    if (!isFull(bucket, stored)) {
      buckets.set(textOf(bucket), new Entries(Buffer.concat([stored.bytes, added.bytes])));
      return;
    }
    for (const [prefix, some] of added.groupBy((hash) => nextBucket(bucket, hash).prefix))
      await addTo({ ...bucket, prefix }, some);
  }

  const store: LedgerStore = {
    begin: async () => ({ sequence: checkpoint, secret: [1, 2] }),
    checkpoint: async () => checkpoint,
    async timesOf(subjects, head) {
      reads.times += 1;
      await nextTurn();
      const found = new Map<string, KnownTimes>();
      for (const subject of subjects) {
        const stored = times.get(subject);
        if (stored === undefined) continue;
        found.set(subject, stored.known);
        stored.through = Math.min(stored.through, head);
      }
      return found;
    },
    async buckets(names) {
      reads.buckets += 1;
      await nextTurn();
      const found = names.map((bucket) => {
        const entries = new Entries(buckets.get(textOf(bucket))?.bytes ?? Buffer.alloc(0));
        return { entries, isFull: isFull(bucket, entries) };
      });
      // So that the ledger can be stored between the read and its answer.
      for (let turns = 0; turns < 8; turns += 1) await nextTurn();
      return found;
    },
    sequencesOf: async () => [],
    async save(_, changes, { from, to }) {
      for (const { subject, windows } of changes)
        for (const { window, entries } of windows) await addTo(firstBucket(subject, window), entries);
      for (const { subject, times: known } of changes) {
        await write();
        if ((times.get(subject)?.through ?? 0) < to) times.set(subject, { through: to, known });
      }
      await write();
      if (checkpoint !== from) throw MOVED;
      checkpoint = to;
    },
  };
  return {
    store,
    reads,
    /** As after a restore: the checkpoint is older than the rest. */
    setCheckpoint: (sequence: number) => {
      checkpoint = sequence;
    },
    checkpoint: () => checkpoint,
    diesAfter: (writes: number) => {
      writesLeft = writes;
    },
    revive: () => {
      writesLeft = Number.POSITIVE_INFINITY;
    },
  };
}

/** A log in memory, and a stored ledger. */
export function createTestLog(options: LedgerOptions = {}) {
  const envelopes: CommittedEnvelope[] = [];
  const { store, reads: storeReads, ...control } = createTestStore();
  const reads = Object.assign(storeReads, { queries: 0, envelopes: 0 });
  const reader = {
    async read(_: number, after: number, through: number) {
      await nextTurn();
      const next = envelopes.filter(({ sequence }) => sequence > after && sequence <= through).slice(0, 2);
      return { events: next.flatMap(eventsOf), through: next.at(-1)?.sequence ?? through };
    },
    async readEnvelopes(_: number, sequences: readonly number[]) {
      reads.queries += 1;
      reads.envelopes += sequences.length;
      await nextTurn();
      return envelopes.filter(({ sequence }) => sequences.includes(sequence));
    },
  };
  const keptHolders = createKeptHolders();
  return {
    ...control,
    /** How often the stored ledger and the log were read, and how many envelopes. */
    reads: reads as Readonly<typeof reads>,
    open: (signal = new AbortController().signal) =>
      Ledger.open(
        { partition: 0, store, reader, keptHolders, options },
        envelopes.at(-1)?.sequence ?? 0,
        signal,
      ),
    append: (judged: readonly JudgedEnvelope[]) => envelopes.push(...judged),
    envelopes,
  };
}

export type TestLog = ReturnType<typeof createTestLog>;
