import { sentEvents } from '@odograph/event-log/committed-envelope';
import { encodeEnvelopeEntry, MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import { samples } from '@odograph/history/domain/samples/samples';
import { toDocument } from '@odograph/history/log/envelope-document';
import type { ReadEnvelope } from '@odograph/history/log/envelope-reader';
import { createKeptHolders } from '@odograph/history/log/holders';
import { type JudgedEnvelope, Ledger } from '@odograph/history/log/ledger';
import type { LedgerStore } from '@odograph/history/log/ledger-store';
import type { Checkpoint } from '@odograph/history/views/checkpoints';
import { flushTail } from '@odograph/history/views/flush';
import type { ReadModel, SubjectLog } from '@odograph/history/views/read-model';
import type { SliceName, StoredSlice } from '@odograph/history/views/read-model-store';
import type { ChangedSlice } from '@odograph/history/views/save-slices';
import { createTail } from '@odograph/history/views/tail';
import type { DocumentBody, Projection } from '@odograph/kernel/projection';
import { createTurns } from '@odograph/platform/turns';
import { status } from '@odograph/projections/status';
import { BSON } from 'mongodb';
import { benchEvents } from '../reference/events.ts';
import { cpuMicrosEach, type PathCost } from './cpu-time.ts';

/** Each has sixty reports in a flush, as at 10,000 reports per second. */
const VEHICLES = 1_000;

/** History from the bytes of envelopes to the stored read models, with stores in memory instead of MongoDB. */
export async function historyPath(reportsARound: number, rounds: number): Promise<() => Promise<PathCost>> {
  const perRound = reportsARound / MAX_ENVELOPE_EVENTS;
  const all = envelopes(reportsARound * rounds);
  const tail = createTail(0, 0);
  const models = [inMemory(status), inMemory(samples)] as ReadModel<unknown>[];
  const deps = { partition: 0, store: EMPTY_LEDGER, reader: NO_READER, keptHolders: createKeptHolders() };
  const ledger = await Ledger.open(deps, 0, NEVER_ABORTED);
  const checkpoints = new Map(models.map(({ projection }) => [projection.name, startOf(projection.name)]));
  const inTurn = createTurns();
  const flush = async () => {
    const moving = { move: async () => undefined };
    const deps = { checkpoints: moving, log: NO_LOG, inTurn };
    const flushed = await flushTail({ tail, models, from: checkpoints, ...deps });
    for (const checkpoint of flushed.checkpoints) checkpoints.set(checkpoint.projection, checkpoint);
    tail.trimThrough(tail.head());
  };
  let sequence = 0;

  return async () => {
    const bytes = all.slice(sequence, sequence + perRound);
    const first = sequence + 1;
    sequence += perRound;
    const read: ReadEnvelope[] = [];
    let judged: readonly JudgedEnvelope[] = [];
    const cost: Record<string, number> = {};
    const measure = async (step: string, work: () => unknown) => {
      cost[step] = await cpuMicrosEach(reportsARound, work);
    };
    await measure('history: read envelopes', () => {
      for (const [at, envelope] of bytes.entries()) read.push(readEnvelope(first + at, envelope));
    });
    await measure('history: judge', async () => {
      judged = await ledger.judge(read.splice(0));
    });
    await measure('history: documents as BSON', () => {
      BSON.serialize({ documents: judged.map((envelope) => toDocument(envelope, envelope.rareTypes)) });
    });
    await measure('history: tail', () => {
      for (const { events, sequence } of judged) tail.append({ events, through: sequence });
    });
    judged = [];
    await measure('history: ledger', () => ledger.store());
    await measure('history: flush', flush);
    return cost;
  };
}

function envelopes(events: number): readonly Buffer[] {
  const entries = benchEvents({ count: events, vehicles: VEHICLES, samplesPerReport: 1, seed: 1 }).map(
    ({ event }) => encodeEnvelopeEntry(event),
  );
  return Array.from({ length: events / MAX_ENVELOPE_EVENTS }, (_, at) =>
    packEnvelope(entries.slice(at * MAX_ENVELOPE_EVENTS, (at + 1) * MAX_ENVELOPE_EVENTS)),
  );
}

function readEnvelope(sequence: number, bytes: Buffer): ReadEnvelope {
  const message = { partition: 0, sequence, storedAtMs: 1, bytes };
  return { ...message, events: sentEvents(message) };
}

/** Every report is new and newer than the one before, so nothing is looked up. */
const EMPTY_LEDGER: LedgerStore = {
  begin: async () => ({ sequence: 0, secret: [1, 2] }),
  checkpoint: async () => 0,
  timesOf: async () => new Map(),
  buckets: async () => [],
  sequencesOf: async () => [],
  save: async () => undefined,
};
const NEVER_ABORTED = new AbortController().signal;
const NO_READER = { read: async () => ({ events: [], through: 0 }), readEnvelopes: async () => [] };

function inMemory<S>(projection: Projection<S>): ReadModel<S> {
  const stored = new Map<string, StoredSlice>();
  const keyOf = ({ subject, key }: SliceName) => `${subject}\n${key}`;
  const find = ({ subject, key }: SliceName): StoredSlice =>
    stored.get(keyOf({ subject, key })) ?? { subject, key, includes: undefined, documents: [] };
  const save = async (slices: readonly ChangedSlice[]) => {
    // Only the first document is read again.
    for (const { documents, ...slice } of slices)
      stored.set(keyOf(slice), { ...slice, documents: documents.slice(0, 1) as DocumentBody[] });
  };
  const load = async (names: readonly SliceName[]) => names.map(find);
  const store = { load, save } as unknown as ReadModel<S>['store'];
  return { projection, store, load: async (subject, key) => find({ subject, key }) };
}

function startOf(projection: string): Checkpoint {
  return { partition: 0, projection, sequence: 0, parked: [] };
}

/** Only parked vehicles are read again, and none is parked. */
const NO_LOG: SubjectLog = { readSubject: () => ReadableStream.from<StoredEvent>([]) };
