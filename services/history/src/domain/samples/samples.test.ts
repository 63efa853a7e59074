import type { DocumentBody } from '@odograph/kernel/projection';
import type { Signals, SignalValue } from '@odograph/kernel/signal';
import { reportIn, type TelemetryReported, type VehicleEvent } from '@odograph/kernel/vehicle-event';
import {
  applyEvent,
  deliver,
  fold,
  keysOf,
  open,
  type StoredSlices,
} from '@odograph/projections/deliver.fixture';
import { compareSampleKeys, type RecordedSample } from '@odograph/projections/recorded-sample';
import { anyDelivery, anyEvents, WINDOW_START_MS } from '@odograph/projections/vehicle-events.arbitrary';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSamples, readSamples } from './read-samples.fixture.ts';
import * as inSteps from './read-samples.ts';
import { type SampleBlock, samplesOf } from './sample-block.ts';
import { CUT_LIMITS } from './sample-cut.ts';
import type { OpenDocument } from './sample-document.ts';
import { windowKeyOf } from './sample-window.ts';
import { createSamples, type SamplesSlice, samples } from './samples.ts';

const KEY = windowKeyOf(WINDOW_START_MS);
const ALL = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, limit: 1_000_000 };

function report(observedAtMs: number, signals: Signals, reportId = `V1@${observedAtMs}`): TelemetryReported {
  const head = { subject: 'V1', reportId, observedAtMs, receivedAtMs: 1 };
  return { type: 'TelemetryReported', ...head, samples: [{ observedAtMs, signals }] };
}

function sliceOf(...events: VehicleEvent[]): SamplesSlice {
  return fold(samples, events).get(KEY) ?? samples.initial('V1', KEY);
}

function documentsOf(stored: StoredSlices, key = KEY): readonly DocumentBody[] {
  return stored.get(key) ?? [];
}

/** The full blocks of each slice, by key. */
function fullBlocks(stored: StoredSlices): StoredSlices {
  return new Map([...stored].map(([key, documents]) => [key, documents.slice(1)]));
}

/** The samples of each slice that are not in a full block, in order of arrival. */
function openSamples(stored: StoredSlices): readonly RecordedSample[][] {
  return [...stored.values()].map(([first]) =>
    (first as OpenDocument).pieces.flatMap((piece) => samplesOf(piece)),
  );
}

/** Documents with their bytes as text, which is quick to compare. */
function plain(stored: StoredSlices): unknown {
  const asText = (_: string, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
  // A clone has no Buffers, which JSON would write as numbers.
  return JSON.stringify(structuredClone([...stored]), asText);
}

/** The expected samples, computed in a simple way from all reports with the same key. */
function expected(events: readonly VehicleEvent[]): readonly RecordedSample[] {
  const byKey = new Map<string, { key: Omit<RecordedSample, 'signals'>; contents: Signals[] }>();
  for (const event of events) {
    const reported = reportIn(event);
    for (const { observedAtMs, signals } of reported?.samples ?? []) {
      const key = { observedAtMs, reportId: reported?.reportId ?? '' };
      const text = JSON.stringify(key);
      const known = byKey.get(text) ?? { key, contents: [] };
      byKey.set(text, { key, contents: [...known.contents, signals] });
    }
  }
  return [...byKey.values()]
    .map(({ key, contents }) => ({ ...key, signals: greatest(contents) }))
    .sort((a, b) => a.observedAtMs - b.observedAtMs || (a.reportId < b.reportId ? -1 : 1));
}

function greatest(contents: readonly Signals[]): Signals {
  const result: Record<string, SignalValue> = {};
  for (const name of new Set(contents.flatMap((signals) => Object.keys(signals)))) {
    const values = contents.flatMap((signals) => (name in signals ? [signals[name] as SignalValue] : []));
    result[name] = values.sort(inOrder).at(-1) as SignalValue;
  }
  const fixes = contents
    .map(({ latitude_deg, longitude_deg }) => [latitude_deg, longitude_deg] as [number, number])
    .filter(([latitude, longitude]) => latitude !== undefined && longitude !== undefined)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const [latitude_deg, longitude_deg] = fixes.at(-1) ?? [];
  const whole = fixes.length > 0 ? { latitude_deg, longitude_deg } : {};
  return Object.fromEntries(
    Object.entries({ ...result, ...whole }).map(([name, value]) => [name, value === 0 ? 0 : value]),
  ) as Signals;
}

const KINDS = ['boolean', 'number', 'string'];

function inOrder(a: SignalValue, b: SignalValue): number {
  const rank = (value: SignalValue) =>
    KINDS.indexOf(typeof value) * 1000 + String(typeof value === 'string' ? value : '').length;
  return rank(a) - rank(b) || (a < b ? -1 : Number(a > b));
}

function readAll(stored: StoredSlices): readonly RecordedSample[] {
  return [...stored].flatMap(([key, documents]) => readSamples(open(samples, key, documents), ALL));
}

function countAll(stored: StoredSlices): number {
  const counts = [...stored].map(([key, documents]) => countSamples(open(samples, key, documents), ALL));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Limits so low that a few samples fill a block, by number or by weight. */
const narrow = createSamples({ samples: 4, weight: 60, pieces: 2 });

/** Reports in any order, some of them heavier than a whole block. */
const anyReports = fc
  .array(
    fc.record({
      offset: fc.nat({ max: 60 }),
      length: fc.oneof(fc.constant(0), fc.constantFrom(0, 10, 40, 80, 300)),
      letter: fc.constantFrom('a', 'b'),
    }),
    { maxLength: 60, minLength: 1 },
  )
  .map((all) =>
    all.map(({ offset, length, letter }) =>
      report(WINDOW_START_MS + offset, { 'Vehicle.Text': letter.repeat(length) }),
    ),
  );

describe('the samples of a vehicle', () => {
  test('are the same as those of a simple map', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        expect(readAll(deliver(samples, [events]))).toEqual(expected(events));
      }),
    );
  });

  test('give the same answers in any order, with any duplicates, and stored at any time', () => {
    const delivered = anyEvents.chain((events) => fc.tuple(fc.constant(events), anyDelivery(events)));
    fc.assert(
      fc.property(delivered, ([events, groups]) => {
        expect(readAll(deliver(samples, groups))).toEqual(expected(events));
      }),
    );
  });

  test('give the same answers also with full blocks', () => {
    const delivered = anyReports.chain((events) => fc.tuple(fc.constant(events), anyDelivery(events)));
    fc.assert(
      fc.property(delivered, ([events, groups]) => {
        const stored = deliver(narrow, groups);
        expect(readAll(stored)).toEqual(expected(events));
        expect(countAll(stored)).toBe(expected(events).length);
      }),
    );
  });

  test('give the same full blocks for every grouping of the same events, and the same samples outside of them', () => {
    const grouped = anyReports.chain((events) => fc.tuple(fc.constant(events), anyGroups(events)));
    fc.assert(
      fc.property(grouped, ([events, groups]) => {
        const [whole, stored] = [deliver(narrow, [events]), deliver(narrow, groups)];
        expect(plain(fullBlocks(stored))).toBe(plain(fullBlocks(whole)));
        expect(openSamples(stored)).toEqual(openSamples(whole));
      }),
    );
  });

  test('outside of full blocks are at most one block in a few pieces', () => {
    const oneByOne = anyReports.map((events) => events.map((event) => [event]));
    fc.assert(
      fc.property(oneByOne, (groups) => {
        const [open] = documentsOf(deliver(narrow, groups)) as readonly [OpenDocument];
        expect(open.pieces.length).toBeLessThanOrEqual(2);
        expect(open.pieces.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(4);
      }),
    );
  });

  test('are stored in windows of two hours, aligned to UTC', () => {
    const start = Date.UTC(2021, 3, 22, 6);
    const atEdges = {
      ...report(start, {}),
      samples: [start - 1, start, start + 7_199_999, start + 7_200_000].map((observedAtMs) => ({
        observedAtMs,
        signals: { speed_kmh: 1 },
      })),
    };
    expect(keysOf(samples, atEdges)).toEqual(['2021-04-22T04:00Z', '2021-04-22T06:00Z', '2021-04-22T08:00Z']);
    const stored = deliver(samples, [[atEdges]]);
    const pieces = [...stored].map(([key, [open]]) => [key, ...(open as OpenDocument).pieces] as const);
    expect(pieces.map(([key, piece]) => [key, piece?.from, piece?.to])).toEqual([
      ['2021-04-22T04:00Z', start - 1, start - 1],
      ['2021-04-22T06:00Z', start, start + 7_199_999],
      ['2021-04-22T08:00Z', start + 7_200_000, start + 7_200_000],
    ]);
  });

  test.each([
    ['29 documents at one sample a second', 1, 29],
    ['3 documents at one sample every ten seconds', 10, 3],
    ['1 document at one sample every two minutes', 120, 1],
  ])('of a window are %s', (_, intervalS, count) => {
    const events = Array.from({ length: 7_200 / intervalS }, (__, at) =>
      report(WINDOW_START_MS + at * intervalS * 1000, { speed_kmh: at % 50 }),
    );
    expect([...deliver(samples, [events]).values()].map((documents) => documents.length)).toEqual([count]);
  });

  test('can be 10,000 of one millisecond, in any order', () => {
    const events = Array.from({ length: 10_000 }, (_, at) =>
      report(WINDOW_START_MS, { speed_kmh: at }, `r${at}`),
    );
    const shuffled = [...events.slice(3000).reverse(), ...events.slice(0, 4000)];
    const stored = deliver(samples, [shuffled.slice(0, 5000), shuffled.slice(5000)]);
    expect(readAll(stored)).toEqual(expected(events));
    expect(countAll(stored)).toBe(10_000);
  });

  test.each([
    ['an infinite number', report(5, { speed_kmh: Number.POSITIVE_INFINITY })],
    ['a time before 1970', report(-1, { speed_kmh: 1 })],
  ])('are not read from an event with %s, which fails before any slice is loaded', (_, event) => {
    expect(() => keysOf(samples, event)).toThrow(expect.objectContaining({ code: 'CORRUPT_LOG' }));
  });

  test('cannot be read from a document of another form', () => {
    const [open, block] = documentsOf(deliver(samples, [drive(0, 300)])) as [DocumentBody, DocumentBody];
    const wrong: DocumentBody[][] = [
      [{}],
      [{ full: 1 }],
      [block, open],
      [{ ...open, pieces: [{ ...block, data: 'text' }] }],
      [open, open],
      [open, { ...block, from: undefined }],
    ];
    for (const documents of wrong)
      expect(() => samples.fromDocuments('V1', KEY, documents)).toThrow('not in the expected form');
  });
});

const STEP_MS = 750;

/** `count` reports, one a step, from a step of the window on. */
function drive(from: number, count: number): TelemetryReported[] {
  return Array.from({ length: count }, (_, at) =>
    report(WINDOW_START_MS + (from + at) * STEP_MS, { speed_kmh: (from + at) % 90 }),
  );
}

/** The events in groups, in the same order. */
function anyGroups<E>(events: readonly E[]): fc.Arbitrary<readonly (readonly E[])[]> {
  const anyCuts = fc.array(fc.nat({ max: events.length }), { maxLength: 8 });
  return anyCuts.map((cuts) => {
    const bounds = [0, ...cuts.sort((a, b) => a - b), events.length];
    return bounds.slice(1).map((end, group) => events.slice(bounds[group], end));
  });
}

/** Documents whose full blocks, counted from 0, cannot be decoded: reading one of them fails. */
function undecodable(
  [first, ...blocks]: readonly DocumentBody[],
  isBroken: (block: number) => boolean,
): readonly DocumentBody[] {
  const broken = blocks.map((block, at) => (isBroken(at) ? { ...block, data: Uint8Array.of(0) } : block));
  return [first as DocumentBody, ...broken];
}

/** Documents as they are read of a slice with very many. */
function withoutData(documents: readonly DocumentBody[]): readonly DocumentBody[] {
  return documents.map(({ data, ...body }, n) => (n === 0 ? body : { ...body, n }));
}

describe('stored documents', () => {
  const before = documentsOf(deliver(samples, [drive(0, 9000)]));

  test('with a full block are neither needed nor written by a flush, also if samples come late', () => {
    const slice = samples.fromDocuments('V1', KEY, before.slice(0, 1));
    const late = report(WINDOW_START_MS + 3000 * 1000 + 500, { speed_kmh: 1 });
    for (const event of [late, ...drive(9000, 600)]) applyEvent(samples, slice, KEY, event);
    const after = [...samples.toDocuments(slice)];
    expect(after).toHaveLength(1 + Math.floor(9601 / CUT_LIMITS.samples));
    expect(after.slice(1, before.length).every((document) => document === undefined)).toBe(true);
    expect(after.slice(before.length).every((document) => document !== undefined)).toBe(true);
  });

  test('get one more piece from a flush that does not fill a block', () => {
    const stored = documentsOf(deliver(samples, [drive(0, 15), drive(15, 15)]));
    const slice = samples.fromDocuments('V1', KEY, stored);
    for (const event of drive(30, 15)) applyEvent(samples, slice, KEY, event);
    const [open, after] = [stored, [...samples.toDocuments(slice)]].map(([first]) => first as OpenDocument);
    expect(after?.pieces.slice(0, 2)).toEqual(open?.pieces);
    expect(after?.pieces.map((piece) => piece.count)).toEqual([15, 15, 15]);
  });

  test('can be made repeatedly during a fold', () => {
    const slice = sliceOf();
    for (const event of drive(0, 2000)) {
      applyEvent(samples, slice, KEY, event);
      if (event.observedAtMs % 300_000 === 0) Array.from(samples.toDocuments(slice));
    }
    const stored = new Map([[KEY, [...samples.toDocuments(slice)] as readonly DocumentBody[]]]);
    expect(plain(stored)).toBe(plain(deliver(samples, [drive(0, 2000)])));
  });

  test('give the same answers after any flushes that crash, are late, or have seen less of the log', () => {
    const anyFlush = fc.record({
      through: fc.nat({ max: 60 }),
      writes: fc.nat({ max: 8 }),
      isLate: fc.boolean(),
    });
    fc.assert(
      fc.property(anyReports, fc.array(anyFlush, { maxLength: 8 }), (events, flushes) => {
        const wanted = expected(events);
        let stored: StoredByNumber = new Map();
        let before = stored;
        for (const { through, writes, isLate } of flushes) {
          const after = flush(events.slice(0, through), { stored, loaded: isLate ? before : stored, writes });
          [before, stored] = [stored, after];
          const slice = sliceWith(events, stored);
          expect(readSamples(slice, ALL)).toEqual(wanted);
          expect(countSamples(slice, ALL)).toBe(wanted.length);
        }
        const whole = flush(events, { stored, loaded: stored, writes: Number.POSITIVE_INFINITY });
        expect(readSamples(sliceWith([], whole), ALL)).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });
});

/** The stored documents of a slice by their number, and how many events of the log each includes. */
type StoredByNumber = ReadonlyMap<number, { readonly at: number; readonly body: DocumentBody }>;

/** The slice of stored documents with those events of the log that its first document does not include. */
function sliceWith(events: readonly TelemetryReported[], stored: StoredByNumber): SamplesSlice {
  const documents = [...stored].sort(([a], [b]) => a - b).map(([, { body }]) => body);
  const slice = documents.length > 0 ? narrow.fromDocuments('V1', KEY, documents) : narrow.initial('V1', KEY);
  for (const event of events.slice(stored.get(0)?.at ?? 0)) applyEvent(narrow, slice, KEY, event);
  return slice;
}

interface FlushCourse {
  readonly stored: StoredByNumber;
  /** What the flush has read: `stored`, or less if others wrote since then. */
  readonly loaded: StoredByNumber;
  /** The writes before it crashes. */
  readonly writes: number;
}

/** Writes as the views do: the last document first, and none over one that includes more of the log. */
function flush(seen: readonly TelemetryReported[], { stored, loaded, writes }: FlushCourse): StoredByNumber {
  const at = seen.length;
  if (at <= (loaded.get(0)?.at ?? 0)) return stored;
  const first = new Map([...loaded].filter(([n]) => n === 0));
  const documents = [...narrow.toDocuments(sliceWith(seen, first))];
  const changed = documents.flatMap((body, n) => (body ? { n, body } : []));
  const after = new Map(stored);
  for (const { n, body } of changed.reverse().slice(0, writes)) {
    if ((after.get(n)?.at ?? 0) < at) after.set(n, { at, body });
  }
  return after;
}

describe('a range of samples', () => {
  const step = (at: number) => WINDOW_START_MS + at * STEP_MS;
  const stored = documentsOf(deliver(samples, [drive(0, 3000)]));

  test('has its samples, stored or new', () => {
    const anyRange = fc.record({
      from: fc.integer({ min: -5, max: 5 }),
      length: fc.nat({ max: 8 }),
      limit: fc.integer({ min: 1, max: 9 }),
      maxBytes: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
      names: fc.option(fc.subarray(['latitude_deg', 'speed_kmh', 'Vehicle.A']), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        anyEvents,
        anyEvents,
        anyRange,
        (earlier, later, { from, length, limit, maxBytes, names }) => {
          const range = {
            fromMs: WINDOW_START_MS + from,
            toMs: WINDOW_START_MS + from + length,
            signals: names,
          };
          const keys = new Set([...earlier, ...later].flatMap((event) => keysOf(samples, event)));
          const before = deliver(samples, [earlier]);
          const slices = [...keys]
            .sort()
            .map((key) => fold(samples, later, before).get(key) ?? open(samples, key, before.get(key)));
          const wanted = expected([...earlier, ...later])
            .filter(({ observedAtMs }) => observedAtMs >= range.fromMs && observedAtMs < range.toMs)
            .map((sample) => ({ ...sample, signals: named(sample.signals, names) }))
            .filter(({ signals }) => names === undefined || Object.keys(signals).length > 0);
          expect(
            slices.map((slice) => countSamples(slice, range)).reduce((sum, count) => sum + count, 0),
          ).toBe(wanted.length);
          for (const slice of slices) {
            const inSlice = wanted.filter(
              ({ observedAtMs }) => windowKeyOf(observedAtMs) === windowKeyOf(slice.startMs),
            );
            expect(pages(slice, { ...range, limit, maxBytes })).toEqual(inSlice);
            const newestFirst = { ...range, limit, maxBytes, isNewestFirst: true };
            expect(pages(slice, newestFirst)).toEqual(inSlice.toReversed());
          }
        },
      ),
    );
  });

  test('from its end does not decode the blocks before the page', () => {
    const slice = samples.fromDocuments(
      'V1',
      KEY,
      undecodable(stored, (block) => block < 10),
    );
    const page = { ...ALL, isNewestFirst: true, limit: 50 };
    const found = readSamples(slice, page).map(({ observedAtMs }) => observedAtMs);
    expect(found).toEqual(Array.from({ length: 50 }, (_, at) => step(2999 - at)));
  });

  test('does not decode blocks outside of it', () => {
    const slice = samples.fromDocuments(
      'V1',
      KEY,
      undecodable(stored, (block) => block !== 4),
    );
    const range = { fromMs: step(1030), toMs: step(1040) };
    expect(readSamples(slice, { ...range, limit: 50 })).toHaveLength(10);
    expect(countSamples(slice, range)).toBe(10);
  });

  test('does not decode blocks after the page', () => {
    const slice = samples.fromDocuments(
      'V1',
      KEY,
      undecodable(stored, (block) => block > 2),
    );
    const after = { observedAtMs: step(600), reportId: `V1@${step(600)}` };
    expect(readSamples(slice, { ...ALL, after, limit: 50 }).map(({ observedAtMs }) => observedAtMs)).toEqual(
      Array.from({ length: 50 }, (_, at) => step(601 + at)),
    );
  });

  test('of 2,400 blocks that overlap is read and counted in steps of one block', () => {
    const events = drive(0, 9_600);
    const shuffled = events.map((_, at) => events[(at * 7_919) % events.length] as TelemetryReported);
    const slice = narrow.fromDocuments('V1', KEY, documentsOf(deliver(narrow, [shuffled])));
    expect(slice.full).toHaveLength(2_399);
    let decoded = 0;
    const full = (slice.full as readonly SampleBlock[]).map(({ data, ...block }) => ({
      ...block,
      get data() {
        decoded += 1;
        return data;
      },
    }));
    const mostInAStep = (work: Generator<unknown, unknown>) => {
      let [most, before] = [0, decoded];
      for (const _ of work) [most, before] = [Math.max(most, decoded - before), decoded];
      return most;
    };
    expect(mostInAStep(inSteps.readSamples({ ...slice, full }, { ...ALL, limit: 1_000 }))).toBe(1);
    const page = decoded;
    expect(page).toBeLessThan(2_399);
    expect(mostInAStep(inSteps.countSamples({ ...slice, full }, ALL))).toBe(1);
    expect(decoded).toBe(page + 2_399);
    const found = readSamples(slice, { ...ALL, limit: 1_000 });
    expect(found.map(({ observedAtMs }) => observedAtMs)).toEqual(
      events.slice(0, 1_000).map(({ observedAtMs }) => observedAtMs),
    );
  });

  test('of 60,000 samples that are not stored yet is read and counted in steps of a thousand', () => {
    const loose = Array.from({ length: 60_000 }, (_, at): RecordedSample => {
      const number = (at * 7_919) % 60_000;
      const signals: Signals = number % 2 === 0 ? { speed_kmh: number } : { soc_percent: 50 };
      return { observedAtMs: WINDOW_START_MS + (number >> 2), reportId: `r${number}`, signals };
    });
    const slice = { ...samples.initial('V1', KEY), loose };
    for (const signals of [undefined, ['speed_kmh']]) {
      const page = { ...ALL, signals, limit: 1_000 };
      expect(stepsOf(inSteps.readSamples(slice, page))).toBe(60);
      expect(stepsOf(inSteps.countSamples(slice, page))).toBeGreaterThan(120);
      expect(countSamples(slice, page)).toBe(signals ? 30_000 : 60_000);
      const wanted = loose.filter((sample) => !signals || sample.signals['speed_kmh'] !== undefined);
      expect(readSamples(slice, page)).toEqual(wanted.sort(compareSampleKeys).slice(0, 1_000));
    }
  });

  test('of many samples of one time is counted in steps, too', () => {
    const loose = Array.from({ length: 50_000 }, (_, at): RecordedSample => {
      return { observedAtMs: WINDOW_START_MS, reportId: `r${at % 40_000}`, signals: {} };
    });
    const slice = { ...samples.initial('V1', KEY), loose };
    expect(stepsOf(inSteps.countSamples(slice, ALL))).toBeGreaterThan(150);
    expect(countSamples(slice, ALL)).toBe(40_000);
  });

  test('of a window with very many documents is read by those blocks alone that it needs', () => {
    const whole = samples.fromDocuments('V1', KEY, stored);
    const slice = samples.fromDocuments('V1', KEY, withoutData(stored));
    for (const event of drive(2_990, 20))
      for (const each of [whole, slice]) applyEvent(samples, each, KEY, event);
    const asked: number[] = [];
    const read = ({ n }: { readonly n: number }) => {
      asked.push(n);
      return stored[n] as SampleBlock;
    };
    const after = { observedAtMs: step(600), reportId: `V1@${step(600)}` };
    for (const signals of [undefined, ['speed_kmh']]) {
      for (const isNewestFirst of [false, true]) {
        const page = { ...ALL, signals, isNewestFirst, limit: 1_000 };
        expect(readSamples(slice, page, read)).toEqual(readSamples(whole, page));
      }
    }
    asked.length = 0;
    expect(readSamples(slice, { ...ALL, after, limit: 50 }, read)).toHaveLength(50);
    expect(asked).toEqual([3]);
    expect(countSamples(slice, ALL, read)).toBe(countSamples(whole, ALL));
    expect(countSamples(slice, { fromMs: step(300), toMs: step(700), signals: ['speed_kmh'] }, read)).toBe(
      400,
    );
    expect(asked).toEqual([3, 2, 3]);
    expect([...samples.toDocuments(slice)]).toEqual([...samples.toDocuments(whole)]);
  });

  test('decodes nothing for a page that is full already', () => {
    const slice = samples.fromDocuments(
      'V1',
      KEY,
      undecodable(stored, () => true),
    );
    expect(readSamples(slice, { ...ALL, limit: 0 })).toEqual([]);
  });

  test('is counted without decoding blocks that are completely in it', () => {
    const slice = samples.fromDocuments(
      'V1',
      KEY,
      undecodable(stored, (block) => block !== 0),
    );
    expect(countSamples(slice, { fromMs: step(10), toMs: Number.POSITIVE_INFINITY })).toBe(2990);
  });

  test('never contains the mark of a split fix', () => {
    const halves = [report(step(0), { latitude_deg: 1 }, 'a'), report(step(0), { longitude_deg: 2 }, 'a')];
    for (const signals of [undefined, ['latitude_deg', 'longitude_deg']]) {
      const [sample] = readSamples(sliceOf(...halves), { ...ALL, signals });
      expect(sample?.signals).toEqual({ latitude_deg: 1, longitude_deg: 2 });
    }
  });

  test.each([
    ['a fix', [{ latitude_deg: 1, longitude_deg: 2 }], { latitude_deg: 1, longitude_deg: 2 }],
    [
      'two single coordinates',
      [{ latitude_deg: 1 }, { longitude_deg: 2 }],
      { latitude_deg: 9, longitude_deg: 2 },
    ],
  ])('is the same for %s whether one or both coordinates are requested', (_, contents, wanted) => {
    const events = contents.map((signals) => report(step(0), signals, 'a'));
    const slice = samples.fromDocuments('V1', KEY, documentsOf(deliver(samples, [events])));
    applyEvent(samples, slice, KEY, report(step(0), { latitude_deg: 9 }, 'a'));
    for (const names of [['latitude_deg'], ['longitude_deg'], ['latitude_deg', 'longitude_deg']]) {
      expect(readSamples(slice, { ...ALL, signals: names })[0]?.signals).toEqual(named(wanted, names));
    }
  });
});

function stepsOf(work: Generator<unknown, unknown>): number {
  return [...work].length;
}

function named(signals: Signals, names: readonly string[] | undefined): Signals {
  return Object.fromEntries(
    Object.entries(signals).filter(([name]) => names === undefined || names.includes(name)),
  );
}

/** All pages of a range. */
function pages(slice: SamplesSlice, page: Parameters<typeof readSamples>[1]): readonly RecordedSample[] {
  const found: RecordedSample[] = [];
  for (;;) {
    const next = readSamples(slice, { ...page, after: found.at(-1) });
    found.push(...next);
    if (next.length === 0) return found;
  }
}
