import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Fault } from '@odograph/kernel/fault';
import { type EventPosition, endOfEnvelope } from '@odograph/kernel/position';
import type { Projection } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { Checkpoint, Checkpoints, Parked } from './checkpoints.ts';
import { foldSubject, includesUpTo, readEvent } from './fold.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import type { ChangedSlice, StoredSlice } from './read-model-store.ts';
import type { Tail } from './tail.ts';

interface FlushDeps {
  readonly tail: Tail;
  readonly models: readonly ReadModel<unknown>[];
  readonly checkpoints: Checkpoints;
  readonly log: SubjectLog;
  /** Awaited after each chunk, with the chunk's duration in milliseconds, so that other work can run. */
  readonly rest?: (workMs: number) => Promise<void>;
}

/** Vehicles loaded and stored with one query each: enough for an efficient bulk write, and little memory. */
const VEHICLES_AT_ONCE = 100;
/**
 * Vehicles folded in one turn of the event loop, about two milliseconds. Then commits and queries can run, and decoded
 * events are collected while they are young.
 */
const VEHICLES_PER_TURN = 4;

/**
 * Stores the events of the tail: first all changed documents of all projections, then one checkpoint by compare-and-set.
 * Each document has the position that it includes, so a crash between the two, or a second owner, changes nothing.
 * Gives the number of stored slices.
 */
export async function flushTail(deps: FlushDeps): Promise<number> {
  const { tail, models, checkpoints, log } = deps;
  const { partition } = tail;
  const checkpoint = await checkpoints.read(partition);
  assertReaches(tail, checkpoint);
  const through = endOfEnvelope(partition, tail.head());
  tail.trimThrough(Math.min(checkpoint.sequence, through.sequence));
  if (through.sequence <= checkpoint.sequence) return 0;
  const subjects = tail.subjects();
  const parked = new Map(checkpoint.parked.map((entry) => [keyOf(entry.projection, entry.subject), entry]));
  let slices = 0;
  for (let at = 0; at < subjects.length; at += VEHICLES_AT_ONCE) {
    const startedAtMs = performance.now();
    const vehicles = subjects.slice(at, at + VEHICLES_AT_ONCE);
    slices += await flushVehicles(vehicles, models, { tail, parked, checkpoint, through, log });
    await deps.rest?.(performance.now() - startedAtMs);
  }
  const { sequence } = through;
  await checkpoints.move(checkpoint, { partition, sequence, parked: [...parked.values()] });
  tail.trimThrough(sequence);
  return slices;
}

/** A checkpoint only moves back if MongoDB is restored while this process runs. */
function assertReaches(tail: Tail, { sequence }: Checkpoint): void {
  if (sequence >= tail.floor()) return;
  const message = `the checkpoint of partition ${tail.partition} went back to ${sequence}, below ${tail.floor()}: restart history`;
  throw new Fault('CORRUPT_LOG', message);
}

interface FlushContext {
  readonly tail: Tail;
  /** The parked events. The flush changes the map in place. */
  readonly parked: Map<string, Parked>;
  readonly checkpoint: Checkpoint;
  /** The end of the last envelope of this flush. */
  readonly through: EventPosition;
  readonly log: SubjectLog;
}

/** Folds vehicles and stores their changed slices; gives the number of these. */
async function flushVehicles(
  subjects: readonly string[],
  models: readonly ReadModel<unknown>[],
  context: FlushContext,
): Promise<number> {
  const flushed = await Promise.all(
    models.map(async (model) => ({ model, loaded: await loadEnds(model, subjects, context) })),
  );
  const changed = flushed.map((): ChangedSlice[] => []);
  for (let at = 0; at < subjects.length; at += VEHICLES_PER_TURN) {
    const folding = subjects.slice(at, at + VEHICLES_PER_TURN).map(async (subject) => {
      const vehicle = vehicleOf(subject, context);
      for (const [which, { model, loaded }] of flushed.entries())
        changed[which]?.push(...(await foldVehicle(model, vehicle, loaded, context)));
    });
    await Promise.all(folding);
    await yieldToEventLoop();
  }
  for (const [which, { model }] of flushed.entries()) await model.store.save(changed[which] ?? []);
  return changed.flat().length;
}

/**
 * Loads the slices that the first and the last event of each vehicle change, with one query. These are nearly always all
 * slices of the vehicle that change. A parked vehicle needs none.
 */
async function loadEnds(
  { projection, store }: ReadModel<unknown>,
  subjects: readonly string[],
  { tail, parked }: FlushContext,
): Promise<LoadedSlices> {
  const wanted = subjects
    .filter((subject) => !parked.has(keyOf(projection.name, subject)))
    .flatMap((subject) => endsOf(tail, subject, projection).map((key) => ({ subject, key })));
  return new Map((await store.load(wanted)).map((slice) => [keyOf(slice.subject, slice.key), slice]));
}

function endsOf<S>(tail: Tail, subject: string, projection: Projection<S>): readonly string[] {
  const read = tail.ends(subject).map(({ event }) => readEvent(projection, event));
  return [...new Set(read.flatMap((event) => ('keys' in event ? event.keys : [])))];
}

type LoadedSlices = ReadonlyMap<string, StoredSlice>;

interface Vehicle {
  readonly subject: string;
  readonly events: readonly StoredEvent[];
  readonly decode: (event: Event) => VehicleEvent;
}

function vehicleOf(subject: string, { tail, checkpoint, through }: FlushContext): Vehicle {
  const { events: all, floor } = tail.snapshot(subject);
  // Another owner has flushed since then: the loaded documents may lack events that the tail has dropped.
  if (floor > checkpoint.sequence) {
    throw new Fault(
      'VERSION_CONFLICT',
      `partition ${tail.partition} is already stored up to ${floor}: another owner flushed it`,
    );
  }
  const events = eventsBetween(all, checkpoint.sequence, through.sequence);
  return { subject, events, decode: decodeOnce() };
}

/** Decodes each event once for all projections. Throws each time for an event that cannot be decoded. */
function decodeOnce(): Vehicle['decode'] {
  const decoded = new Map<Event, VehicleEvent>();
  return (event) => {
    const known = decoded.get(event) ?? decodeEvent(event);
    decoded.set(event, known);
    return known;
  };
}

/** The changed slices of a vehicle in one projection. */
async function foldVehicle(
  { projection, load }: ReadModel<unknown>,
  { subject, events, decode }: Vehicle,
  loaded: LoadedSlices,
  { parked, through, log }: FlushContext,
): Promise<readonly ChangedSlice[]> {
  const key = keyOf(projection.name, subject);
  const folded = await foldSubject({
    projection,
    subject,
    events,
    parked: parked.get(key),
    load: async (sliceKey) => loaded.get(keyOf(subject, sliceKey)) ?? (await load(subject, sliceKey)),
    decode,
    replay: (from, to) => log.readSubject(subject, from, to),
  });
  if (folded.parked) parked.set(key, folded.parked);
  else parked.delete(key);
  const includes = includesUpTo(through, folded.parked);
  const changed = [...folded.slices].filter(([, { isChanged }]) => isChanged);
  return changed.map(([sliceKey, { state, stored }]) => {
    const documents = projection.toDocuments(state);
    return { subject, key: sliceKey, includes, documents, before: stored.documents };
  });
}

function eventsBetween(events: readonly StoredEvent[], after: number, through: number): StoredEvent[] {
  return events.filter(({ position }) => position.sequence > after && position.sequence <= through);
}

const keyOf = (...names: readonly string[]): string => names.join('\n');
