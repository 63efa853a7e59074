import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Fault, invariant } from '@odograph/kernel/fault';
import { type EventPosition, endOfEnvelope } from '@odograph/kernel/position';
import type { Projection } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { InTurn } from '@odograph/platform/turns';
import { WorkTurn } from '@odograph/platform/work-turn';
import type { Checkpoint, Checkpoints, CheckpointsByName, Parked } from './checkpoints.ts';
import { type LoadedSlices, loadAhead, loadEnds } from './flush-loading.ts';
import { foldSubject } from './fold.ts';
import { includesUpTo, isKnownNow } from './parking.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import type { ChangedSlice } from './save-slices.ts';
import type { Tail } from './tail.ts';
import { type FlushedSlice, type ViewCache, viewName } from './view-cache.ts';

interface FlushDeps {
  readonly tail: Tail;
  /** The read models that follow this tail: it has every event above their checkpoints. */
  readonly models: readonly ReadModel<unknown>[];
  /** The checkpoints of these read models, by the name of their projection. */
  readonly from: CheckpointsByName;
  readonly checkpoints: Pick<Checkpoints, 'move'>;
  readonly log: SubjectLog;
  /** Gets the documents that are stored for the views that it keeps. */
  readonly cache?: Pick<ViewCache, 'has' | 'advance'> | undefined;
  /** Shared by all partitions, so that few of them have the vehicles of a chunk in memory. */
  readonly inTurn: InTurn;
  /** Awaited after each chunk, with the chunk's duration in milliseconds, so that other work can run. */
  readonly rest?: (workMs: number) => Promise<void>;
}

export interface Flushed {
  /** The number of stored slices. */
  readonly slices: number;
  /** The checkpoints that have moved. */
  readonly checkpoints: readonly Checkpoint[];
  /** Why other read models were not stored, by the name of their projection. */
  readonly failures: ReadonlyMap<string, unknown>;
}

/** Vehicles loaded and stored with one query each: enough for an efficient bulk write, and hardly ever more than 20 MB. */
const VEHICLES_AT_ONCE = 100;
/** Partitions that do so at the same time. */
const PARTITIONS_AT_ONCE = 4;
/**
 * Vehicles folded in one turn of the event loop, about two milliseconds. Then commits and queries can run, and decoded
 * events are collected while they are young.
 */
const VEHICLES_PER_TURN = 4;
/** Events of a vehicle that stay decoded while it is folded in all projections; those after them are decoded for each. */
const MAX_DECODED = 2_000;
/** What a document costs in a turn: to compress it takes about as long as to decode this number of bytes. */
const DOCUMENT_BYTES = 4 * 1024;

/**
 * Stores the events of a tail: first all changed documents, then the checkpoints by compare-and-set. Each document has the
 * position that it includes, so a crash in between, or a second owner, changes nothing.
 *
 * A read model that cannot be folded or stored, or whose checkpoint cannot be moved, fails alone. Throws if all do.
 */
export async function flushTail({ tail, models, from, inTurn, ...deps }: FlushDeps): Promise<Flushed> {
  const through = endOfEnvelope(tail.partition, tail.head());
  const { sequence } = through;
  const flushing = models
    .map((model) => openFlush(model, from))
    .filter(({ checkpoint }) => checkpoint.sequence < sequence);
  if (flushing.length === 0) return { slices: 0, checkpoints: [], failures: new Map() };
  const subjects = subjectsOf(tail, flushing);
  let slices = 0;
  for (let at = 0; at < subjects.length; at += VEHICLES_AT_ONCE) {
    const vehicles = subjects.slice(at, at + VEHICLES_AT_ONCE);
    const workMs = await inTurn(`chunk ${tail.partition % PARTITIONS_AT_ONCE}`, async () => {
      const startedAtMs = performance.now();
      slices += await flushVehicles(vehicles, flushing, { tail, through, ...deps });
      return performance.now() - startedAtMs;
    });
    assertNotAllFailed(flushing);
    await deps.rest?.(workMs);
  }
  const checkpoints: Checkpoint[] = [];
  const move = async ({ checkpoint, parked, flushed }: ModelFlush) => {
    const to = { ...checkpoint, sequence, parked: [...parked.values()] };
    await deps.checkpoints.move({ from: checkpoint, to });
    checkpoints.push(to);
    await deps.cache?.advance({ from: checkpoint, to }, flushed);
  };
  for (const flush of flushing) await unlessFailed(flush, () => move(flush));
  assertNotAllFailed(flushing);
  return { slices, checkpoints, failures: failuresOf(flushing) };
}

/** A read model during a flush. */
interface ModelFlush {
  readonly model: ReadModel<unknown>;
  readonly checkpoint: Checkpoint;
  /** By vehicle: what is parked after the vehicles that are flushed. */
  readonly parked: Map<string, Parked>;
  /** Slices that the vehicles of now change, by vehicle and key. */
  loaded: LoadedSlices;
  changed: ChangedSlice[];
  /** All vehicles of the flush, for those who keep views. */
  readonly flushed: Map<string, readonly FlushedSlice[] | undefined>;
  failure?: { readonly error: unknown };
}

function openFlush(model: ReadModel<unknown>, from: CheckpointsByName): ModelFlush {
  const checkpoint = from.get(model.projection.name);
  invariant(checkpoint, `the checkpoint of ${model.projection.name} is known`);
  const parked = new Map(checkpoint.parked.map((entry) => [entry.subject, entry]));
  return { model, checkpoint, parked, loaded: new Map(), changed: [], flushed: new Map() };
}

/** The vehicles with events in the tail, and those that wait no longer because this program knows what a former one did not. */
function subjectsOf(tail: Tail, flushing: readonly ModelFlush[]): readonly string[] {
  const released = flushing.flatMap(({ checkpoint }) => checkpoint.parked.filter(isKnownNow));
  return [...new Set([...tail.subjects(), ...released.map(({ subject }) => subject)])];
}

/** Does a step of a read model. After one that fails it has no other, and the other read models go on. */
async function unlessFailed(flush: ModelFlush, step: () => Promise<void>): Promise<void> {
  if (flush.failure) return;
  try {
    await step();
  } catch (error) {
    flush.failure = { error };
  }
}

function assertNotAllFailed(flushing: readonly ModelFlush[]): void {
  const [first] = flushing;
  if (first?.failure && flushing.every(({ failure }) => failure)) throw first.failure.error;
}

function failuresOf(flushing: readonly ModelFlush[]): Flushed['failures'] {
  return new Map(
    flushing.flatMap(({ model, failure }) => (failure ? [[model.projection.name, failure.error]] : [])),
  );
}

interface FlushContext {
  readonly tail: Tail;
  /** The end of the last envelope of this flush. */
  readonly through: EventPosition;
  readonly log: SubjectLog;
  readonly cache?: FlushDeps['cache'];
}

/** Folds vehicles and stores their changed slices; gives the number of these. */
async function flushVehicles(
  subjects: readonly string[],
  flushing: readonly ModelFlush[],
  context: FlushContext,
): Promise<number> {
  const { tail } = context;
  const eachModel = async (step: (flush: ModelFlush) => Promise<void>) =>
    void (await Promise.all(flushing.map((flush) => unlessFailed(flush, () => step(flush)))));
  await eachModel(async (flush) => {
    flush.loaded = await loadEnds(flush, subjects, tail);
    flush.changed = [];
  });
  for (let at = 0; at < subjects.length; at += VEHICLES_PER_TURN) {
    const folding = subjects.slice(at, at + VEHICLES_PER_TURN).map(async (subject) => {
      const vehicle = vehicleOf(subject, flushing, context);
      for (const flush of flushing) await unlessFailed(flush, () => flushVehicle(flush, vehicle, context));
    });
    await Promise.all(folding);
    await yieldToEventLoop();
  }
  let stored = 0;
  await eachModel(async ({ model, changed }) => {
    await model.store.save(changed);
    stored += changed.length;
  });
  return stored;
}

interface Vehicle {
  readonly subject: string;
  /** Above the lowest checkpoint, up to the end of the flush. */
  readonly events: readonly StoredEvent[];
  readonly lowest: number;
  readonly decode: (stored: StoredEvent) => VehicleEvent;
  readonly turn: WorkTurn;
}

function vehicleOf(
  subject: string,
  flushing: readonly ModelFlush[],
  { tail, through }: FlushContext,
): Vehicle {
  const lowest = Math.min(...flushing.map(({ checkpoint }) => checkpoint.sequence));
  const events = tail.eventsAfter(subject, lowest, through.sequence);
  return { subject, events, lowest, decode: decodeOnce(), turn: new WorkTurn() };
}

/** Decodes each of the first events once for all projections. Throws each time for an event that cannot be decoded. */
function decodeOnce(): Vehicle['decode'] {
  const decoded = new Map<StoredEvent, VehicleEvent>();
  return (stored) => {
    const known = decoded.get(stored) ?? decodeEvent(stored.event);
    if (decoded.size < MAX_DECODED) decoded.set(stored, known);
    return known;
  };
}

/** Folds a vehicle in one read model: its changed slices are stored later, what is parked with the checkpoint. */
async function flushVehicle(
  flush: ModelFlush,
  vehicle: Vehicle,
  { tail, through, log, cache }: FlushContext,
): Promise<void> {
  const { projection } = flush.model;
  const { checkpoint, parked, changed, flushed } = flush;
  const { subject, events, lowest, decode, turn } = vehicle;
  assertTailHasAll(tail, checkpoint);
  const { sequence } = checkpoint;
  const folded = await foldSubject({
    ...{ projection, subject, decode, turn },
    events: sequence === lowest ? events : events.filter(({ position }) => position.sequence > sequence),
    after: endOfEnvelope(checkpoint.partition, sequence),
    parked: parked.get(subject),
    load: loadAhead(flush, vehicle),
    replay: (from, through) => log.readSubject({ subject, from, through, turn }),
  });
  if (folded.parked) parked.set(subject, folded.parked);
  else parked.delete(subject);
  const includes = includesUpTo(through, folded.parked);
  const slices: FlushedSlice[] = [];
  for (const [key, { stored, state, isChanged }] of folded.slices) {
    const documents = isChanged ? await documentsOf(projection, state, turn) : undefined;
    const isNew = stored.includes === undefined;
    slices.push({ stored, changed: documents && { subject, key, includes, documents, isNew } });
  }
  for (const slice of slices) if (slice.changed) changed.push(slice.changed);
  const name = viewName(projection.name, subject);
  flushed.set(name, cache?.has(name) ? slices : undefined);
}

async function documentsOf<S>(
  projection: Projection<S>,
  state: S,
  turn: WorkTurn,
): Promise<ChangedSlice['documents']> {
  const documents: ChangedSlice['documents'][number][] = [];
  for (const document of projection.toDocuments(state)) {
    documents.push(document);
    if (turn.isOver(DOCUMENT_BYTES)) await turn.next();
  }
  return documents;
}

/** Throws if another owner has flushed: then the loaded documents may lack events that the tail has dropped. */
function assertTailHasAll(tail: Tail, { partition, sequence }: Checkpoint): void {
  if (tail.floor() <= sequence) return;
  const message = `partition ${partition} is already stored up to ${tail.floor()}: another owner flushed it`;
  throw new Fault('VERSION_CONFLICT', message);
}
