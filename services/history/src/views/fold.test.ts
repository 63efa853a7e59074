import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { comparePositions, type EventPosition } from '@odograph/kernel/position';
import type { Projection } from '@odograph/kernel/projection';
import { reportIn } from '@odograph/kernel/vehicle-event';
import { WorkTurn } from '@odograph/platform/work-turn';
import { expect, test } from 'vitest';
import { reported } from '../log/log.fixture.ts';
import type { Parked } from './checkpoints.ts';
import { foldSubject } from './fold.ts';
import type { Includes } from './read-model-document.ts';
import { decided, POISON_SPEED, type Totals, totalsProjection } from './totals.fixture.ts';

const at = (sequence: number): EventPosition => ({ partition: 0, sequence, index: 0 });
const driven = (speedKmh: number): Event =>
  reported({ vehicleId: 'bus-1', reportId: `r${speedKmh}`, observedAtMs: 1, speedKmh });
const retried = (sequence: number) => decided('ParkedEventRetried', 'bus-1', at(sequence));
const dropped = (sequence: number) => decided('ParkedEventDropped', 'bus-1', at(sequence));

const POISON = driven(POISON_SPEED);
const heldAt = (sequence: number, reason = 'cannot add 666'): Parked => {
  return { projection: 'totals', subject: 'bus-1', position: at(sequence), reason };
};

interface FoldSketch {
  readonly projection?: Projection<Totals>;
  readonly parked?: Parked;
  /** The sequence of the first event that is folded; those before it are only in the log. */
  readonly from?: number;
  /** Then one report is stored. */
  readonly includes?: Includes;
}

/** Folds a log in which the first event has sequence 1; gives the totals, what is parked, and what was replayed. */
async function fold(log: readonly Event[], { projection, parked, from = 1, includes }: FoldSketch = {}) {
  const stored: StoredEvent[] = log.map((event, index) => ({ position: at(index + 1), event }));
  const replays: number[][] = [];
  const folded = await foldSubject({
    projection: projection ?? totalsProjection(),
    turn: new WorkTurn(),
    subject: 'bus-1',
    events: stored.slice(from - 1),
    parked,
    after: at(from - 1),
    load: async (keys) => {
      const documents = includes ? [{ reports: 1, speedSum: 1 }] : [];
      return keys.map((key) => ({ subject: 'bus-1', key, includes, documents }));
    },
    async *replay(first, last) {
      const between = stored.filter(
        ({ position }) => comparePositions(position, first) >= 0 && comparePositions(position, last) <= 0,
      );
      replays.push(between.map(({ position }) => position.sequence));
      yield* between;
    },
  });
  const totals = folded.slices.get('all')?.state;
  return { reports: totals?.reports, parked: folded.parked, replays };
}

const cured = (): Projection<Totals> => Object.assign(totalsProjection(), { isCured: true });

test.each<[state: string, event: string, log: readonly Event[], after: object]>([
  ['applying', 'is applied', [driven(1), driven(2)], { reports: 2, parked: undefined }],
  ['applying', 'cannot be applied', [driven(1), POISON], { reports: 1, parked: heldAt(2) }],
  ['applying', 'releases what is not parked', [driven(1), dropped(1)], { reports: 1, parked: undefined }],
  ['parked', 'waits', [driven(1), POISON, driven(2)], { reports: 1, parked: heldAt(2) }],
  ['parked', 'releases another event', [driven(1), POISON, dropped(1)], { reports: 1, parked: heldAt(2) }],
  ['parked', 'retries it in vain', [POISON, driven(2), retried(1)], { parked: heldAt(1) }],
  ['parked', 'drops it', [POISON, driven(2), dropped(1)], { reports: 1, parked: undefined }],
  ['parked', 'drops it, and the next is parked', [POISON, POISON, dropped(1)], { parked: heldAt(2) }],
  [
    'parked',
    'drops it, after an earlier drop of the next one',
    [POISON, POISON, dropped(2), driven(3), dropped(1)],
    { reports: 1, parked: undefined },
  ],
])('%s: an event that %s', async (_, __, log, after) => {
  expect(await fold(log)).toMatchObject(after);
});

test('a retry after the fix applies the parked event and all that waited, in their order', async () => {
  const log = [driven(1), POISON, driven(2), retried(2), driven(3)];
  const whole = { reports: 4, parked: undefined, replays: [[2, 3]] };
  const includes = { s: 1, i: 0 };
  const stored = { projection: cured(), parked: heldAt(2), from: 4, includes };
  expect(await fold(log, stored)).toEqual(whole);
});

test('each retry in vain replays once, however many there were before', async () => {
  const log = [POISON, driven(1), ...Array.from({ length: 5 }, () => retried(1))];
  const { replays, parked } = await fold(log);
  expect(replays).toHaveLength(5);
  expect(parked).toEqual(heldAt(1));
});

test('an event that the stored slice includes is neither applied again nor parked', async () => {
  expect(await fold([POISON, driven(1)], { includes: { s: 1, i: 0 } })).toMatchObject({
    reports: 2,
    parked: undefined,
  });
});

test('an event that fails at its second slice changes none', async () => {
  const twoSlices: Projection<{ speeds: number[] }> = {
    name: 'totals',
    version: 1,
    read: (event) => ({
      keys: ['a', 'b'],
      applyTo(slice, key) {
        const speed = Number(reportIn(event)?.samples[0]?.signals['speed_kmh']);
        slice.speeds.push(speed);
        if (key === 'b' && speed === POISON_SPEED) throw new Error('cannot add 666');
      },
    }),
    initial: () => ({ speeds: [] }),
    copy: (slice) => structuredClone(slice),
    toDocuments: (slice) => [slice],
    fromDocuments: (_subject, _key, [slice]) => structuredClone(slice) as never,
  };
  const foldTwo = async (...log: Event[]) => {
    const { slices, parked } = await foldSubject({
      projection: twoSlices,
      turn: new WorkTurn(),
      subject: 'bus-1',
      events: log.map((event, index) => ({ position: at(index + 1), event })),
      parked: undefined,
      after: at(0),
      load: async (keys) =>
        keys.map((key) => ({ subject: 'bus-1', key, includes: undefined, documents: [] })),
      replay: () => ReadableStream.from<StoredEvent>([]),
    });
    return [[...slices].map(([key, { state }]) => [key, state.speeds]), parked?.position.sequence];
  };
  expect(await foldTwo(driven(1), POISON)).toEqual([
    [
      ['a', [1]],
      ['b', [1]],
    ],
    2,
  ]);
  expect(await foldTwo(POISON)).toEqual([[], 1]);
});

const NEWER: Event = { ...driven(7), version: 9 };
const heldAsNewer = (sequence: number, version = 9): Parked => {
  const reason = 'TelemetryReported version 9 is newer than this program: update the program to continue';
  return { ...heldAt(sequence, reason), newer: { type: 'TelemetryReported', version } };
};

test('an event that only a newer program knows is parked as such, and a drop goes on without it', async () => {
  const { version, ...unknown } = { ...driven(7), type: 'TripEnded', version: 1 };
  expect(await fold([driven(1), NEWER, driven(2)])).toEqual({
    reports: 1,
    parked: heldAsNewer(2),
    replays: [],
  });
  expect((await fold([{ version, ...unknown }])).parked?.newer).toEqual({ type: 'TripEnded', version: 1 });
  expect(await fold([driven(1), NEWER, driven(2), retried(2)])).toMatchObject({ parked: heldAsNewer(2) });
  expect(await fold([driven(1), NEWER, driven(2), dropped(2), driven(3)])).toMatchObject({
    reports: 3,
    parked: undefined,
  });
});

test('the reason of a parked event, and a type that no program knows, are stored up to 200 characters', async () => {
  const long = 'é'.repeat(199);
  const read = () => {
    throw new Error(`${long}🚌${long}`);
  };
  const { parked } = await fold([driven(1)], { projection: { ...totalsProjection(), read } });
  expect(parked).toEqual(heldAt(1, `${long}\ufffd`));
  const { parked: newer } = await fold([{ ...driven(7), type: 'T'.repeat(100_000) }]);
  const type = 'T'.repeat(200);
  expect(newer).toMatchObject({ reason: type, newer: { type } });
});

test('who knows the event goes on from it without a decision, with what waited up to the checkpoint', async () => {
  const log = [driven(1), driven(2), driven(3), driven(4)];
  const stored = { from: 4, includes: { s: 1, i: 0 } };
  const known = await fold(log, { ...stored, parked: heldAsNewer(2, 1) });
  expect(known).toEqual({ reports: 4, parked: undefined, replays: [[2, 3]] });
  const unknown = await fold(log, { ...stored, parked: heldAsNewer(2) });
  expect(unknown).toMatchObject({ parked: heldAsNewer(2), replays: [] });
});

test('a decision that cannot be decoded waits behind the parked event, and is parked itself when that is dropped', async () => {
  const unreadable = { ...dropped(1), payload: Buffer.of(0xff) };
  expect(await fold([POISON, unreadable, driven(2)])).toMatchObject({ parked: heldAt(1) });
  expect(await fold([POISON, { ...dropped(1), version: 9 }, driven(2)])).toMatchObject({ parked: heldAt(1) });
  expect(await fold([POISON, unreadable, driven(2), dropped(1)])).toMatchObject({
    parked: { position: at(2), reason: expect.stringContaining('cannot be decoded') },
  });
});
