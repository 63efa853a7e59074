import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Fault } from '@odograph/kernel/fault';
import { comparePositions } from '@odograph/kernel/position';
import type { DocumentBody } from '@odograph/kernel/projection';
import type { SubjectQuery } from '../log/mongo-log-reader.ts';
import type { Checkpoint, Checkpoints } from './checkpoints.ts';
import type { Includes } from './read-model-document.ts';
import { includesPosition, type ReadModelStore, type StoredSlice } from './read-model-store.ts';

/** Awaited before each read and write: it may wait or throw. */
export type Disturb = () => Promise<void>;

const undisturbed: Disturb = () => yieldToEventLoop();

/** The checkpoints of partition 0. */
export function checkpointsInMemory(names: readonly string[], disturb = undisturbed) {
  const current = new Map(
    names.map((projection): [string, Checkpoint] => {
      return [projection, { partition: 0, projection, sequence: 0, parked: [] }];
    }),
  );
  return {
    async read() {
      await disturb();
      return new Map(current);
    },
    async move({ from, to }) {
      await disturb();
      const now = current.get(to.projection)?.sequence;
      if (now === from.sequence) current.set(to.projection, to);
      else if (now !== to.sequence) throw new Fault('VERSION_CONFLICT', 'the checkpoint was moved');
    },
    /** Up to where a projection is stored. */
    storedThrough: (projection: string): number => current.get(projection)?.sequence ?? 0,
  } satisfies Checkpoints & { storedThrough(projection: string): number };
}

/** A log of partition 0 with an event an envelope. */
export function logInMemory() {
  const events: StoredEvent[] = [];
  return {
    events,
    append(event: Event): void {
      events.push({ position: { partition: 0, sequence: events.length + 1, index: 0 }, event });
    },
    watermark: async () => events.length,
    read: async (_: number, after: number, through: number) => ({
      events: events.slice(after, through),
      through: Math.min(through, events.length),
    }),
    async *readSubject({ subject, from, through }: SubjectQuery) {
      yield* events.filter(
        ({ event, position }) =>
          event.subject === subject &&
          comparePositions(position, from) >= 0 &&
          comparePositions(position, through) <= 0,
      );
    },
  };
}

/** Documents in memory, as MongoDB has them: a newer one stays, and the last one of a slice is written first. */
export function storeInMemory(disturb = undisturbed): ReadModelStore {
  const stored = new Map<string, { at: Includes; body: DocumentBody }[]>();
  const nameOf = (subject: string, key: string) => `${subject}\n${key}`;

  function find(subject: string, key: string): StoredSlice {
    const documents = stored.get(nameOf(subject, key)) ?? [];
    // After a crash the first ones may be missing.
    const bodies = documents.flatMap((document) => (document ? [document.body] : []));
    return { subject, key, includes: documents[0]?.at, documents: bodies };
  }

  function slicesOf(subject: string): readonly StoredSlice[] {
    return [...stored.keys()]
      .map((name) => name.split('\n') as [string, string])
      .filter(([owner]) => owner === subject)
      .map(([owner, key]) => find(owner, key))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  return {
    async load(names) {
      await disturb();
      return names.map(({ subject, key }) => {
        const { includes, documents } = find(subject, key);
        return { subject, key, includes, documents: includes ? documents.slice(0, 1) : [] };
      });
    },
    /** A stretch has at most two slices. */
    async loadFirst(subject, from, to) {
      await disturb();
      const slices = slicesOf(subject).filter(({ key }) => key >= from && key <= to);
      const through = slices.length > 2 ? (slices[1] as StoredSlice).key : to;
      return { slices: slices.slice(0, 2), through };
    },
    async loadLast(subject, from, before) {
      await disturb();
      const slices = slicesOf(subject).filter(({ key }) => key >= from && key < before);
      const since = slices.length > 2 ? (slices.at(-2) as StoredSlice).key : from;
      return { slices: slices.slice(-2), since };
    },
    async loadDocument(subject, key, n) {
      await disturb();
      return stored.get(nameOf(subject, key))?.[n]?.body;
    },
    async subjectsAfter(after, limit) {
      await disturb();
      const names = new Set(Array.from(stored.keys(), (name) => name.split('\n')[0] as string));
      return [...names]
        .filter((name) => name > after)
        .sort()
        .slice(0, limit);
    },
    async save(slices) {
      for (const { subject, key, includes: at, documents } of slices) {
        for (const [n, body] of [...documents.entries()].reverse()) {
          if (body === undefined) continue;
          await disturb();
          const slice = stored.get(nameOf(subject, key)) ?? [];
          const position = { partition: 0, sequence: at.s, index: at.i };
          if (!includesPosition(slice[n]?.at, position)) slice[n] = { at, body };
          stored.set(nameOf(subject, key), slice);
        }
      }
    },
    async removeAbove(sequence, isWanted) {
      for (const [name, documents] of stored) {
        const isAbove = documents.some(({ at }) => at.s > sequence);
        if (isAbove && isWanted(name.split('\n')[0] as string)) stored.delete(name);
      }
    },
  };
}
