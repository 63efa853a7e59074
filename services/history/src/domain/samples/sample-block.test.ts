import { isFault } from '@odograph/kernel/fault';
import type { Signals, SignalValue } from '@odograph/kernel/signal';
import { LATEST_OBSERVED_AT_MS, type RecordedSample } from '@odograph/projections/recorded-sample';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import golden from './golden/sample-block.v4.json' with { type: 'json' };
import { type SampleBlock, samplesOf, toBlock } from './sample-block.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', '\udfff\ud800', '', '0', '007', '9'.repeat(40), 'ÿ', '漢字', 'x'.repeat(5000)),
);
/** No -0: samples in the views have none. */
const anyNumber = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.integer({ min: -1e6, max: 1e6 }).map((scaled) => scaled / 1e4),
    fc.constantFrom(1e308, -1e308, Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** -1030, 2 ** 50, 0.1 + 0.2),
    fc.constantFrom(2 ** 50 + 1, -(2 ** 50), 2 ** 50 / 10, 1e-7, 1e-8),
  )
  .map((value) => (value === 0 ? 0 : value));
const anyValue: fc.Arbitrary<SignalValue> = fc.oneof(anyNumber, fc.boolean(), anyText);
const anySignals: fc.Arbitrary<Signals> = fc.oneof(
  fc.dictionary(fc.constantFrom('a', 'b', 'Vehicle.C', 'd'), anyValue, { noNullPrototype: true }),
  fc.record({ speed_kmh: anyNumber, charging: fc.boolean(), a: anyText }, { noNullPrototype: true }),
);
const anySample: fc.Arbitrary<RecordedSample> = fc.record(
  {
    observedAtMs: fc.oneof(
      fc.integer({ min: 0, max: LATEST_OBSERVED_AT_MS }),
      fc.integer({ min: 0, max: 99 }).map((second) => Date.UTC(2021, 3, 22, 23, 59, 30) + second * 1000),
    ),
    reportId: fc.oneof(anyText, fc.uuid()),
    signals: anySignals,
  },
  { noNullPrototype: true },
);
/** In any order, and with any duplicates. */
const anySamples = fc.oneof(
  fc.array(anySample, { minLength: 1, maxLength: 20 }),
  fc.array(anySample, { minLength: 1, size: '+1' }),
);

/** A drive with one sample a second. */
const drive: readonly RecordedSample[] = Array.from({ length: 256 }, (_, second) => {
  const observedAtMs = Date.UTC(2021, 3, 22, 7, 42, 50) + second * 1000;
  return {
    observedAtMs,
    reportId: `twizy@${new Date(observedAtMs).toISOString()}`,
    signals: {
      battery_level_pct: Math.round(9774 - second / 3) / 100,
      latitude_deg: Math.round(33_986_153 + second * 87.3) / 1e6,
      longitude_deg: Math.round(-6_724_960 - second * 12.1) / 1e6,
      speed_kmh: Math.round(540 + 40 * Math.sin(second / 9)) / 10,
      engine_running: true,
      charging: false,
      ambient_temperature_c: 17.2,
      'Vehicle.Powertrain.Transmission.SelectedGear': second < 6 ? 0 : 127,
    },
  };
});

function isCorrupt(block: SampleBlock): boolean {
  try {
    samplesOf(block);
    return false;
  } catch (error) {
    if (!isFault(error, 'CORRUPT_LOG')) throw error;
    return true;
  }
}

describe('a block', () => {
  test('gives back exactly the same samples in the same order, with any text and any finite number', () => {
    fc.assert(
      fc.property(anySamples, (samples) => {
        expect(samplesOf(toBlock(samples))).toEqual(samples);
      }),
    );
  });

  test('gives back only the requested signals', () => {
    fc.assert(
      fc.property(anySamples, fc.subarray(['a', 'b', 'speed_kmh']), (samples, names) => {
        const expected = samples.map((sample) => ({
          ...sample,
          signals: Object.fromEntries(
            Object.entries(sample.signals).filter(([name]) => names.includes(name)),
          ),
        }));
        expect(samplesOf(toBlock(samples), new Set(names))).toEqual(expected);
      }),
    );
  });

  test('names its first and last observed time and the number of its samples', () => {
    fc.assert(
      fc.property(anySamples, (samples) => {
        const times = samples.map(({ observedAtMs }) => observedAtMs);
        const { from, to, count } = toBlock(samples);
        expect([from, to, count]).toEqual([Math.min(...times), Math.max(...times), samples.length]);
      }),
    );
  });

  test('does not depend on the order of signals in a sample', () => {
    const reversed = drive.map(({ signals, ...key }) => ({
      ...key,
      signals: Object.fromEntries(Object.entries(signals).reverse()),
    }));
    expect(toBlock(reversed)).toEqual(toBlock(drive));
  });

  test('takes a few bytes a sample if little changes', () => {
    expect(toBlock(drive).data.length / drive.length).toBeLessThan(9);
  });

  test('of the present version of the projection stays readable', () => {
    const block = { ...toBlock(golden.samples as RecordedSample[]), data: Buffer.from(golden.data, 'hex') };
    expect(samplesOf(block)).toEqual(golden.samples);
  });
});

describe('a block with wrong bytes', () => {
  const block = toBlock(drive.slice(0, 40));

  test('is corrupt if it is cut off at any byte', () => {
    for (let length = 0; length < block.data.length; length += 1) {
      expect(isCorrupt({ ...block, data: block.data.subarray(0, length) }), `${length} bytes`).toBe(true);
    }
  });

  test('never gives other samples if a byte is changed', () => {
    const samples = samplesOf(block);
    fc.assert(
      fc.property(
        fc.nat({ max: block.data.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, difference) => {
          const data = Uint8Array.from(block.data);
          data[at] = (data[at] as number) ^ difference;
          const changed = { ...block, data };
          if (!isCorrupt(changed)) expect(samplesOf(changed)).toEqual(samples);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('is corrupt if it has another number of samples', () => {
    expect(isCorrupt({ ...block, count: 39 })).toBe(true);
  });

  test('is corrupt with any bytes, and throws no other error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        expect(isCorrupt({ ...block, data })).toBe(true);
      }),
    );
  });
});
