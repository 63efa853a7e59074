import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Fault } from '@odograph/kernel/fault';
import { type EventPosition, endOfEnvelope } from '@odograph/kernel/position';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { Checkpoint, Checkpoints, Parked } from './checkpoints.ts';
import { foldSubject, includesUpTo } from './fold.ts';
import type { ReadModel, SubjectLog } from './read-model.ts';
import type { ChangedSlice } from './read-model-store.ts';
import type { Tail } from './tail.ts';

export interface FlushParts {
  readonly tail: Tail;
  readonly models: readonly ReadModel<unknown>[];
  readonly checkpoints: Checkpoints;
  readonly log: SubjectLog;
  /** Called after each stretch of work with how long it took, in milliseconds; others have their turn until it resolves. */
  readonly rest?: (workMs: number) => Promise<void>;
}

/** Vehicles folded and stored together: enough for a good bulk write, few enough to keep memory flat. */
const VEHICLES_AT_ONCE = 100;

/**
 * Stores what the tail has: all changed documents of all projections first, then one checkpoint by compare-and-set.
 * Each document says what it includes, so a crash between the two, or a second owner, changes nothing.
 * Gives how many slices were stored.
 */
export async function flushTail(parts: FlushParts): Promise<number> {
  const { tail, models, checkpoints, log } = parts;
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
    const vehicles = subjects.slice(at, at + VEHICLES_AT_ONCE).map((subject) => ({
      subject,
      events: eventsBetween(tail.view(subject).events, checkpoint.sequence, through.sequence),
    }));
    const context = { parked, through, log, decode: decodeOnce() };
    for (const model of models) slices += await flushModel(model, vehicles, context);
    await parts.rest?.(performance.now() - startedAtMs);
  }
  const { sequence } = through;
  await checkpoints.move(checkpoint, { partition, sequence, parked: [...parked.values()] });
  tail.trimThrough(sequence);
  return slices;
}

/** A checkpoint only goes back when MongoDB is restored under a running process. */
function assertReaches(tail: Tail, { sequence }: Checkpoint): void {
  if (sequence >= tail.floor()) return;
  const message = `the checkpoint of partition ${tail.partition} went back to ${sequence}: start this process again`;
  throw new Fault('CORRUPT_LOG', message);
}

interface FlushContext {
  /** What is parked, changed as the flush goes. */
  readonly parked: Map<string, Parked>;
  /** The end of the last envelope that is stored. */
  readonly through: EventPosition;
  readonly log: SubjectLog;
  readonly decode: (event: Event) => VehicleEvent;
}

/** Remembers what it has decoded, for each projection reads the same events. What cannot be decoded throws each time. */
function decodeOnce(): FlushContext['decode'] {
  const decoded = new Map<Event, VehicleEvent>();
  return (event) => {
    const known = decoded.get(event) ?? decodeEvent(event);
    decoded.set(event, known);
    return known;
  };
}

interface Vehicle {
  readonly subject: string;
  readonly events: readonly StoredEvent[];
}

/** Folds vehicles side by side, so that their slices are loaded together, and stores what changed. */
async function flushModel(
  { projection, store, load }: ReadModel<unknown>,
  vehicles: readonly Vehicle[],
  { parked, through, log, decode }: FlushContext,
): Promise<number> {
  const changed: ChangedSlice[] = [];
  await Promise.all(
    vehicles.map(async ({ subject, events }) => {
      const key = keyOf(projection.name, subject);
      const folded = await foldSubject({
        projection,
        subject,
        events,
        parked: parked.get(key),
        load: (sliceKey) => load(subject, sliceKey),
        decode,
        replay: (from, to) => log.readSubject(subject, from, to),
      });
      if (folded.parked) parked.set(key, folded.parked);
      else parked.delete(key);
      const includes = includesUpTo(through, folded.parked);
      for (const [sliceKey, slice] of folded.slices) {
        if (!slice.isChanged) continue;
        const documents = projection.toDocuments(slice.state);
        changed.push({ subject, key: sliceKey, includes, documents, before: slice.stored.documents });
      }
    }),
  );
  await store.save(changed);
  return changed.length;
}

function eventsBetween(events: readonly StoredEvent[], after: number, through: number): StoredEvent[] {
  return events.filter(({ position }) => position.sequence > after && position.sequence <= through);
}

const keyOf = (projection: string, subject: string): string => `${projection}\n${subject}`;
