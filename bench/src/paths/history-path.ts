import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { encodeBroadcast } from '@odograph/event-log/broadcast';
import { EncodedEvent } from '@odograph/event-log/encoded-event';
import {
  decodeEnvelope,
  type EnvelopeEntry,
  encodeEnvelopeEntry,
  MAX_ENVELOPE_EVENTS,
} from '@odograph/event-log/envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { samples } from '@odograph/history/domain/samples/samples';
import { status } from '@odograph/history/domain/status/status';
import { asLateDocument } from '@odograph/history/log/append';
import { linkEnvelopes } from '@odograph/history/log/broadcaster';
import type { Checkpoint, Checkpoints } from '@odograph/history/views/checkpoints';
import { flushTail } from '@odograph/history/views/flush';
import type { ReadModel, SubjectLog } from '@odograph/history/views/read-model';
import type { ChangedSlice, SliceName, StoredSlice } from '@odograph/history/views/read-model-store';
import { createTail } from '@odograph/history/views/tail';
import type { Projection } from '@odograph/kernel/projection';
import { BSON } from 'mongodb';
import { benchEvents } from '../reference/events.ts';
import { cpuMicrosEach, type PathCost } from './cpu-time.ts';

/** Each has sixty reports in a flush, as at 10,000 reports per second. */
const VEHICLES = 1_000;

/** History from the bytes of envelopes to the stored read models, with stores in memory instead of MongoDB. */
export function historyPath(reportsARound: number, rounds: number): () => Promise<PathCost> {
  const perRound = reportsARound / MAX_ENVELOPE_EVENTS;
  const all = envelopes(reportsARound * rounds);
  const tail = createTail(0, 0);
  const models = [inMemory(status), inMemory(samples)] as ReadModel<unknown>[];
  const checkpoints = checkpointsInMemory();
  let sequence = 0;

  return async () => {
    const bytes = all.slice(sequence, sequence + perRound);
    const first = sequence + 1;
    sequence += perRound;
    const decoded: StoredEvent[][] = [];
    const cost: Record<string, number> = {};
    const measure = async (step: string, work: () => unknown) => {
      cost[step] = await cpuMicrosEach(reportsARound, work);
    };
    await measure('history: read envelopes', () => {
      for (const [at, envelope] of bytes.entries()) decoded.push(storedEvents(first + at, envelope));
    });
    await measure('history: documents as BSON', () => {
      for (const events of decoded) BSON.serialize({ documents: events.map(asLateDocument) });
    });
    await measure('history: broadcasts', () => {
      for (const [at, events] of decoded.entries()) encodeBroadcast(broadcastOf(first + at, events));
    });
    await measure('history: tail', () => {
      for (const [at, events] of decoded.entries()) tail.append({ events, through: first + at });
    });
    decoded.length = 0;
    await measure('history: flush', () => flushTail({ tail, models, checkpoints, log: NO_LOG }));
    return cost;
  };
}

function envelopes(events: number): readonly Buffer[] {
  const entries = benchEvents({ count: events, vehicles: VEHICLES, samplesPerReport: 1, seed: 1 }).map(
    ({ event }) => encodeEnvelopeEntry(event),
  );
  return Array.from({ length: events / MAX_ENVELOPE_EVENTS }, (_, at) =>
    Buffer.concat(entries.slice(at * MAX_ENVELOPE_EVENTS, (at + 1) * MAX_ENVELOPE_EVENTS)),
  );
}

function storedEvents(sequence: number, envelope: Buffer): StoredEvent[] {
  const encoded = { partition: 0, sequence, buffer: envelope.buffer };
  const toStored = (entry: EnvelopeEntry, index: number) =>
    new EncodedEvent(encoded, index, entry.event.subject, entry);
  return Array.from(decodeEnvelope(envelope), toStored);
}

function broadcastOf(sequence: number, events: readonly StoredEvent[]) {
  const health = { state: PartitionState.RUNNING, streamCreatedAtMs: 1 };
  return {
    ...health,
    partition: 0,
    watermark: sequence,
    envelopes: linkEnvelopes([sequence], events, sequence - 1),
  };
}

function inMemory<S>(projection: Projection<S>): ReadModel<S> {
  const stored = new Map<string, StoredSlice>();
  const keyOf = ({ subject, key }: SliceName) => `${subject}\n${key}`;
  const find = ({ subject, key }: SliceName): StoredSlice =>
    stored.get(keyOf({ subject, key })) ?? { subject, key, includes: undefined, documents: [] };
  const save = async (slices: readonly ChangedSlice[]) => {
    for (const { subject, key, includes, documents } of slices)
      stored.set(keyOf({ subject, key }), { subject, key, includes, documents });
  };
  const load = async (names: readonly SliceName[]) => names.map(find);
  const store = { load, save } as unknown as ReadModel<S>['store'];
  return { projection, store, load: async (subject, key) => find({ subject, key }) };
}

function checkpointsInMemory(): Checkpoints {
  let current: Checkpoint = { partition: 0, sequence: 0, parked: [] };
  return {
    read: async () => current,
    move: async (_from, to) => {
      current = to;
    },
  };
}

/** Only parked vehicles are read again, and none is parked. */
const NO_LOG: SubjectLog = { readSubject: async () => [] };
