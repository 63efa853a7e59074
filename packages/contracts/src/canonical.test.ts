import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentHash, type ReportContent } from './canonical.ts';
import { SIGNAL_FIELDS } from './generated/known-signals.ts';
import { Sample, VehicleReport } from './generated/odograph/telemetry/v1/report.ts';
import { Signals, type SignalValue } from './generated/odograph/telemetry/v1/signals.ts';

const value: fc.Arbitrary<SignalValue> = fc.oneof(
  fc.double({ noNaN: true }).map((number): SignalValue => ({ kind: { $case: 'number', value: number } })),
  fc.boolean().map((flag): SignalValue => ({ kind: { $case: 'flag', value: flag } })),
  fc.string().map((text): SignalValue => ({ kind: { $case: 'text', value: text } })),
);
/** Without `__proto__`: a generated decoder cannot represent it, and the door rejects it (decode-report.test.ts). */
const name = fc.string({ minLength: 1 }).filter((made) => made !== '__proto__');
const signals = fc.record(
  {
    speedKmh: fc.double({ noNaN: true }),
    latitudeDeg: fc.double({ noNaN: true }),
    longitudeDeg: fc.double({ noNaN: true }),
    charging: fc.boolean(),
    doorsLocked: fc.boolean(),
    others: fc.dictionary(name, value, { noNullPrototype: true }),
  },
  { requiredKeys: ['others'], noNullPrototype: true },
);
const sample = fc.record(
  { observedAtMs: fc.maxSafeInteger(), signals, clockText: fc.string() },
  { requiredKeys: ['observedAtMs', 'signals'], noNullPrototype: true },
);
const report: fc.Arbitrary<ReportContent> = fc.record(
  { vehicleId: fc.string(), vin: fc.string(), samples: fc.array(sample, { maxLength: 4 }) },
  { requiredKeys: ['samples'], noNullPrototype: true },
);

const hexOf = (content: ReportContent) => contentHash(content).toString('hex');
const oneSample = (changes: Partial<ReportContent['samples'][number]>): ReportContent => ({
  samples: [{ observedAtMs: 1, signals: { others: {} }, ...changes }],
});
const speed = (speedKmh: number | undefined) => oneSample({ signals: { speedKmh, others: {} } });

/** The same content, with the keys of each map and each message in the opposite order. */
function reversed<T>(content: T): T {
  if (Array.isArray(content)) return content.map(reversed) as T;
  if (typeof content !== 'object' || content === null) return content;
  return Object.fromEntries(
    Object.entries(content)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  ) as T;
}

describe('the hash of a report’s content', () => {
  test('has 16 bytes', () => {
    expect(contentHash(speed(1))).toHaveLength(16);
  });

  test('never changes', () => {
    const known = VehicleReport.create({
      vehicleId: 'WVWZZZ1JZXW000001',
      reportId: 'another id',
      vin: 'WVWZZZ1JZXW000001',
      samples: [
        {
          observedAtMs: 1_619_077_370_000,
          signals: {
            batteryLevelPct: 97.74,
            charging: false,
            others: {
              'Vehicle.LowVoltageSystemState': { kind: { $case: 'text', value: 'ON' } },
              'Vehicle.Body.Lights.IsHighBeamOn': { kind: { $case: 'flag', value: true } },
            },
          },
        },
        { observedAtMs: 0, clockText: '90/02/2032 12:08:07', signals: { ambientHumidityPct: 72 } },
      ],
    });
    expect(hexOf(known)).toMatchInlineSnapshot(`"20d959dd10df40a47c7d01695d68fe03"`);
  });

  test('does not depend on the order of a map or of fields', () => {
    fc.assert(
      fc.property(report, (content) => {
        expect(hexOf(reversed(content))).toBe(hexOf(content));
      }),
    );
  });

  test('is the same after encoding and decoding', () => {
    fc.assert(
      fc.property(report, (content) => {
        const { vehicleId = '', vin, samples } = content;
        const sent: VehicleReport = { vehicleId, reportId: 'r1', samples: [...samples], vin };
        const wire = VehicleReport.decode(VehicleReport.encode(sent).finish());
        expect(hexOf(wire)).toBe(hexOf(content));
      }),
    );
  });

  test('does not depend on the sign of a zero', () => {
    expect(hexOf(speed(-0))).toBe(hexOf(speed(0)));
    const other = (number: number) =>
      oneSample({ signals: { others: { 'Vehicle.A': { kind: { $case: 'number', value: number } } } } });
    expect(hexOf(other(-0))).toBe(hexOf(other(0)));
  });

  test('differs if the content differs', () => {
    fc.assert(
      fc.property(report, report, (a, b) => {
        const contentOf = (content: ReportContent) => JSON.stringify(sorted({ vehicleId: '', ...content }));
        expect(hexOf(a) === hexOf(b)).toBe(contentOf(a) === contentOf(b));
      }),
    );
  });

  test.each([
    ['absent and zero', speed(undefined), speed(0)],
    [
      'a text and the number it reads as',
      otherValue({ $case: 'text', value: '1' }),
      otherValue({ $case: 'number', value: 1 }),
    ],
    [
      'a yes and a one',
      otherValue({ $case: 'flag', value: true }),
      otherValue({ $case: 'number', value: 1 }),
    ],
    ['a clock text and none', oneSample({ clockText: 'x' }), oneSample({})],
    ['a VIN and none', { ...speed(1), vin: 'WVWZZZ1JZXW000001' }, speed(1)],
    [
      'one order of samples and another',
      { samples: [...speed(1).samples, ...speed(2).samples] },
      { samples: [...speed(2).samples, ...speed(1).samples] },
    ],
    [
      'a field and the same value in another',
      speed(1),
      oneSample({ signals: { headingDeg: 1, others: {} } }),
    ],
  ])('differs for %s', (_, a, b) => {
    expect(hexOf(a)).not.toBe(hexOf(b));
  });

  test.each(Object.keys(Signals.create()))('depends on the signal field %s', (field) => {
    const hashes = valuesOf(field).map((value) =>
      hexOf(oneSample({ signals: { ...Signals.create(), [field]: value } })),
    );
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test.each(Object.keys(Sample.create()))('depends on the sample field %s', (field) => {
    const values = {
      observedAtMs: [1, 2],
      clockText: ['a', 'b'],
      signals: [1, 2].map((speedKmh) => ({ speedKmh, others: {} })),
    };
    const hashes = values[field as keyof typeof values].map((value) =>
      hexOf({ samples: [{ ...Sample.create(), [field]: value }] }),
    );
    expect(new Set(hashes).size).toBe(2);
  });

  test('depends on each report field but the report id', () => {
    const values = { vehicleId: 'b', vin: 'b', samples: [Sample.create()] };
    expect(Object.keys({ ...values, reportId: '' }).sort()).toEqual(
      Object.keys(VehicleReport.create()).sort(),
    );
    const hashes = Object.entries(values).map(([field, value]) =>
      hexOf({ ...VehicleReport.create(), [field]: value }),
    );
    expect(new Set([hexOf(VehicleReport.create()), ...hashes]).size).toBe(1 + hashes.length);
    expect(hexOf(VehicleReport.create({ reportId: 'b' }))).toBe(hexOf(VehicleReport.create()));
  });

  test('keeps the place of each signal field', () => {
    expect(SIGNAL_FIELDS.slice(0, 14).join(' ')).toMatchInlineSnapshot(
      `"batteryLevelPct fuelLevelPct odometerKm latitudeDeg longitudeDeg headingDeg speedKmh doorsLocked engineRunning charging altitudeM rangeKm ambientTemperatureC ambientHumidityPct"`,
    );
  });

  test('is right again after a call that failed half way', () => {
    const broken = {
      samples: [
        {
          observedAtMs: 1,
          get signals(): never {
            throw new Error('broken');
          },
        },
      ],
    };
    const before = hexOf(speed(1));
    expect(() => contentHash(broken)).toThrow('broken');
    expect(hexOf(speed(1))).toBe(before);
  });
});

/** Different values of a signal field, the absent one first. */
function valuesOf(field: string): readonly unknown[] {
  if (field !== 'others') return [undefined, false, true, 1, 2];
  const flag = (value: boolean) => ({ 'Vehicle.A': { kind: { $case: 'flag', value } } });
  return [{}, flag(false), flag(true)];
}

function otherValue(kind: NonNullable<SignalValue['kind']>): ReportContent {
  return oneSample({ signals: { others: { 'Vehicle.A': { kind } } } });
}

/** The content with sorted keys and without the sign of zeros, as the hash takes it. */
function sorted(content: unknown): unknown {
  if (Array.isArray(content)) return content.map(sorted);
  if (typeof content === 'number') return content === 0 ? 0 : String(content);
  if (typeof content !== 'object' || content === null) return content;
  const entries = Object.entries(content).filter(([, inner]) => inner !== undefined);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]);
}
