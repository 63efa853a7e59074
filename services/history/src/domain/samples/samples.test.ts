import type { DocumentBody } from '@odograph/kernel/projection';
import type { Signals, SignalValue } from '@odograph/kernel/signal';
import { reportIn, type TelemetryReported, type VehicleEvent } from '@odograph/kernel/vehicle-event';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEvent, deliver, fold, open, type StoredSlices } from '../deliver.fixture.ts';
import type { RecordedSample } from '../recorded-sample.ts';
import { anyDelivery, anyEvents, WINDOW_START_MS } from '../vehicle-events.arbitrary.ts';
import { countSamples, readSamples } from './read-samples.ts';
import type { SampleDocument } from './sample-document.ts';
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

function documentsOf(stored: StoredSlices, key = KEY): readonly SampleDocument[] {
  return (stored.get(key) ?? []) as readonly SampleDocument[];
}

/** Documents with their bytes as text, which is quick to compare. */
function plain(stored: StoredSlices): unknown {
  const asText = (_: string, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
  return JSON.stringify([...stored], asText);
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

/** The index of each sample's document. */
function documentOfEach(stored: StoredSlices): ReadonlyMap<string, number> {
  const entries = documentsOf(stored).flatMap((document, at) =>
    readSamples(samples.fromDocuments('V1', KEY, [document]), ALL).map(
      ({ observedAtMs, reportId }): [string, number] => [`${observedAtMs} ${reportId}`, at],
    ),
  );
  return new Map(entries);
}

function readAll(stored: StoredSlices): readonly RecordedSample[] {
  return [...stored].flatMap(([key, documents]) => readSamples(open(samples, key, documents), ALL));
}

/** Limits so low that a few samples fill a block and a dozen fill a document, by number or by weight. */
const narrow = createSamples({ blockSamples: 4, blockWeight: 60, documentBlocks: 3, documentWeight: 150 });

/** Reports in any order, some of them heavier than a whole document. */
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

  test('give byte-identical documents in any order, with any duplicates, and stored at any time', () => {
    const delivered = anyEvents.chain((events) => fc.tuple(fc.constant(events), anyDelivery(events)));
    fc.assert(
      fc.property(delivered, ([events, groups]) => {
        expect(plain(deliver(samples, groups))).toBe(plain(deliver(samples, [events])));
      }),
    );
  });

  test('give byte-identical documents also with full blocks and documents', () => {
    const delivered = anyReports.chain((events) => fc.tuple(fc.constant(events), anyDelivery(events)));
    fc.assert(
      fc.property(delivered, ([events, groups]) => {
        const stored = deliver(narrow, groups);
        expect(plain(stored)).toBe(plain(deliver(narrow, [events])));
        expect(readAll(stored)).toEqual(expected(events));
      }),
    );
  });

  test('never move to an earlier document, so a rewrite from the last to the first hides none', () => {
    fc.assert(
      fc.property(anyReports, anyReports, (first, second) => {
        const before = documentOfEach(deliver(narrow, [first]));
        const after = documentOfEach(deliver(narrow, [first, second]));
        for (const [key, document] of before) expect(after.get(key)).toBeGreaterThanOrEqual(document);
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
    expect(samples.read(atEdges).keys).toEqual([
      '2021-04-22T04:00Z',
      '2021-04-22T06:00Z',
      '2021-04-22T08:00Z',
    ]);
    const stored = deliver(samples, [[atEdges]]);
    expect([...stored].map(([key, [document]]) => [key, document?.['from'], document?.['to']])).toEqual([
      ['2021-04-22T04:00Z', start - 1, start - 1],
      ['2021-04-22T06:00Z', start, start + 7_199_999],
      ['2021-04-22T08:00Z', start + 7_200_000, start + 7_200_000],
    ]);
  });

  test.each([
    ['1 document at one sample a second, so 12 documents a day', 1, 1],
    ['1 document at one sample every two minutes, so 12 documents a day', 120, 1],
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
    expect(plain(stored)).toBe(plain(deliver(samples, [events])));
    expect(readAll(stored)).toEqual(expected(events));
  });

  test.each([
    ['an infinite number', report(5, { speed_kmh: Number.POSITIVE_INFINITY })],
    ['a time before 1970', report(-1, { speed_kmh: 1 })],
  ])('are not read from an event with %s, which fails before any slice is loaded', (_, event) => {
    expect(() => samples.read(event)).toThrow(expect.objectContaining({ code: 'CORRUPT_LOG' }));
  });

  test('cannot be read from a document of another form', () => {
    const [document] = documentsOf(deliver(samples, [[report(WINDOW_START_MS, { speed_kmh: 1 })]]));
    const wrong: DocumentBody[] = [
      {},
      { blocks: [] },
      { ...document, blocks: [{ ...document?.blocks[0], data: 'text' }] },
    ];
    for (const body of wrong)
      expect(() => samples.fromDocuments('V1', KEY, [body])).toThrow('not in the expected form');
  });
});

/** Dense enough for a window to need more than one document. */
const STEP_MS = 750;

/** `count` reports, one a step, from a step of the window on. */
function drive(from: number, count: number): TelemetryReported[] {
  return Array.from({ length: count }, (_, at) =>
    report(WINDOW_START_MS + (from + at) * STEP_MS, { speed_kmh: (from + at) % 90 }),
  );
}

/** Documents whose blocks cannot be decoded: reading one of them fails. */
function undecodable(
  documents: readonly SampleDocument[],
  isBroken: (block: number) => boolean,
): readonly SampleDocument[] {
  let block = -1;
  return documents.map((document) => ({
    ...document,
    blocks: document.blocks.map((stored) => {
      block += 1;
      return isBroken(block) ? { ...stored, data: Uint8Array.of(0) } : stored;
    }),
  }));
}

describe('stored documents', () => {
  const before = documentsOf(deliver(samples, [drive(0, 9000)]));

  test('stay the same objects without new samples', () => {
    expect(samples.toDocuments(samples.fromDocuments('V1', KEY, before))).toEqual(before);
    expect(
      samples
        .toDocuments(samples.fromDocuments('V1', KEY, before))
        .every((document, at) => document === before[at]),
    ).toBe(true);
  });

  test('are not decoded if samples come in order, except for the last block', () => {
    const documents = undecodable(before, (block) => block < 17);
    const slice = samples.fromDocuments('V1', KEY, documents);
    for (const event of drive(9000, 600)) applyEvent(samples, slice, KEY, event);
    const after = samples.toDocuments(slice) as readonly SampleDocument[];
    expect(after[0]).toBe(documents[0]);
    expect(after[1]?.blocks[0]).toBe(documents[1]?.blocks[0]);
    expect(after.map(({ count }) => count)).toEqual([16 * 512, 9600 - 16 * 512]);
  });

  test('are not decoded if samples of one time are on both sides of a block’s end', () => {
    const events = Array.from({ length: 3000 }, (_, at) =>
      report(
        WINDOW_START_MS + Math.floor(at / 100) * 1000,
        { speed_kmh: at % 90 },
        `r${String(at).padStart(4, '0')}`,
      ),
    );
    const stored = documentsOf(deliver(samples, [events]));
    const slice = samples.fromDocuments(
      'V1',
      KEY,
      undecodable(stored, (block) => block < 5),
    );
    applyEvent(samples, slice, KEY, report(WINDOW_START_MS + 29_000, { speed_kmh: 1 }, 'r9'));
    expect(samples.toDocuments(slice).map((document) => document['count'])).toEqual([3001]);
    const range = { fromMs: WINDOW_START_MS + 28_000, toMs: WINDOW_START_MS + 30_000 };
    expect(countSamples(slice, range)).toBe(201);
  });

  test('are decoded from the block on that a late sample belongs into', () => {
    const late = report(WINDOW_START_MS + 3000 * 1000 + 500, { speed_kmh: 1 });
    const slice = samples.fromDocuments(
      'V1',
      KEY,
      undecodable(before, (block) => block < 5),
    );
    applyEvent(samples, slice, KEY, late);
    expect(samples.toDocuments(slice).map((document) => document['count'])).toEqual([8192, 809]);
    const whole = deliver(samples, [drive(0, 9000), [late]]);
    expect(plain(whole)).toBe(plain(deliver(samples, [[late], drive(0, 9000)])));
  });

  test('can be made repeatedly during a fold', () => {
    const slice = sliceOf();
    for (const event of drive(0, 2000)) {
      applyEvent(samples, slice, KEY, event);
      if (event.observedAtMs % 300_000 === 0) samples.toDocuments(slice);
    }
    const stored = new Map([[KEY, samples.toDocuments(slice)]]);
    expect(plain(stored)).toBe(plain(deliver(samples, [drive(0, 2000)])));
  });

  test('are cut again if they were cut with other limits', () => {
    const anyLimits = fc.record({
      blockSamples: fc.integer({ min: 1, max: 6 }),
      blockWeight: fc.integer({ min: 30, max: 90 }),
      documentBlocks: fc.integer({ min: 1, max: 4 }),
      documentWeight: fc.integer({ min: 90, max: 200 }),
    });
    fc.assert(
      fc.property(anyReports, anyLimits, (events, limits) => {
        const other = documentsOf(deliver(createSamples(limits), [events]));
        const documents = narrow.toDocuments(narrow.fromDocuments('V1', KEY, other));
        expect(plain(new Map([[KEY, documents]]))).toBe(plain(deliver(narrow, [events])));
      }),
    );
  });

  test('can mix two flushes: after any interrupted rewrite, folding the events again gives the same documents', () => {
    const first = drive(0, 8300);
    const second = [...drive(8300, 300), report(WINDOW_START_MS + 100_400, { speed_kmh: 5 })];
    const old = documentsOf(deliver(samples, [first]));
    const clean = deliver(samples, [first, second]);
    for (let written = 0; written <= documentsOf(clean).length; written += 1) {
      const mixed = documentsOf(clean)
        .map((document, at) => (at >= written ? document : old[at]))
        .filter((document) => document !== undefined);
      const slice = samples.fromDocuments('V1', KEY, mixed);
      for (const event of second) applyEvent(samples, slice, KEY, event);
      expect(readSamples(slice, ALL)).toEqual(expected([...first, ...second]));
      expect(plain(new Map([[KEY, samples.toDocuments(slice)]]))).toBe(plain(clean));
    }
  });

  test('can mix two flushes, also with full blocks and documents', () => {
    fc.assert(
      fc.property(anyReports, anyReports, fc.nat(), (first, second, cut) => {
        const events = [...first, ...second];
        const [before, clean] = [documentsOf(deliver(narrow, [first])), deliver(narrow, [events])];
        const after = documentsOf(clean);
        const written = cut % (after.length + 1);
        const mixed = after.map((document, at) => (at < written ? (before[at] ?? document) : document));
        const slice = narrow.fromDocuments('V1', KEY, mixed);
        for (const event of second) applyEvent(narrow, slice, KEY, event);
        expect(readSamples(slice, ALL)).toEqual(expected(events));
        expect(plain(new Map([[KEY, narrow.toDocuments(slice)]]))).toBe(plain(clean));
      }),
    );
  });
});

describe('a range of samples', () => {
  const step = (at: number) => WINDOW_START_MS + at * STEP_MS;
  const stored = documentsOf(deliver(samples, [drive(0, 3000)]));

  test('has its samples, stored or new', () => {
    const anyRange = fc.record({
      from: fc.integer({ min: -5, max: 5 }),
      length: fc.nat({ max: 8 }),
      limit: fc.integer({ min: 1, max: 9 }),
      names: fc.option(fc.subarray(['latitude_deg', 'speed_kmh', 'Vehicle.A']), { nil: undefined }),
    });
    fc.assert(
      fc.property(anyEvents, anyEvents, anyRange, (earlier, later, { from, length, limit, names }) => {
        const range = {
          fromMs: WINDOW_START_MS + from,
          toMs: WINDOW_START_MS + from + length,
          signals: names,
        };
        const keys = new Set([...earlier, ...later].flatMap((event) => samples.read(event).keys));
        const before = deliver(samples, [earlier]);
        const slices = [...keys]
          .sort()
          .map((key) => fold(samples, later, before).get(key) ?? open(samples, key, before.get(key)));
        const wanted = expected([...earlier, ...later])
          .filter(({ observedAtMs }) => observedAtMs >= range.fromMs && observedAtMs < range.toMs)
          .map((sample) => ({ ...sample, signals: named(sample.signals, names) }))
          .filter(({ signals }) => names === undefined || Object.keys(signals).length > 0);
        expect(slices.map((slice) => countSamples(slice, range)).reduce((sum, count) => sum + count, 0)).toBe(
          wanted.length,
        );
        for (const slice of slices) {
          const inSlice = wanted.filter(
            ({ observedAtMs }) => windowKeyOf(observedAtMs) === windowKeyOf(slice.startMs),
          );
          expect(pages(slice, { ...range, limit })).toEqual(inSlice);
        }
      }),
    );
  });

  test('does not decode blocks outside of it', () => {
    const slice = samples.fromDocuments(
      'V1',
      KEY,
      undecodable(stored, (block) => block !== 8),
    );
    const range = { fromMs: step(1030), toMs: step(1040) };
    expect(readSamples(slice, { ...range, limit: 50 })).toHaveLength(10);
    expect(countSamples(slice, range)).toBe(10);
  });

  test('does not decode blocks after the page', () => {
    const slice = samples.fromDocuments(
      'V1',
      KEY,
      undecodable(stored, (block) => block > 5),
    );
    const after = { observedAtMs: step(600), reportId: `V1@${step(600)}` };
    expect(readSamples(slice, { ...ALL, after, limit: 50 }).map(({ observedAtMs }) => observedAtMs)).toEqual(
      Array.from({ length: 50 }, (_, at) => step(601 + at)),
    );
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
    if (next.length < page.limit) return found;
  }
}
