import { isFault } from '@odograph/kernel/fault';
import type { Signals, SignalValue } from '@odograph/kernel/signal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LATEST_OBSERVED_AT_MS, type RecordedSample } from '../recorded-sample.ts';
import golden from './golden/sample-block.v1.json' with { type: 'json' };
import { BLOCK_MAX_SAMPLES, decodeBlock, encodeBlock } from './sample-block.ts';
import { sortAndMerge } from './sample-set.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', '\udfff\ud800', '', '0', '007', '9'.repeat(40), 'ÿ', '漢字', 'x'.repeat(5000)),
);
const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -1e6, max: 1e6 }).map((scaled) => scaled / 1e4),
  fc.constantFrom(
    -0,
    1e308,
    -1e308,
    Number.MIN_VALUE,
    -Number.MIN_VALUE,
    2 ** -1030,
    2 ** 50,
    2 ** 50 + 1,
    0.1 + 0.2,
  ),
);
const anyValue: fc.Arbitrary<SignalValue> = fc.oneof(anyNumber, fc.boolean(), anyText);
const anySignals: fc.Arbitrary<Signals> = fc.oneof(
  fc.dictionary(fc.constantFrom('a', 'b', 'Vehicle.C', 'd'), anyValue, { noNullPrototype: true }),
  fc.record({ speed_kmh: anyNumber, charging: fc.boolean(), a: anyText }, { noNullPrototype: true }),
);
const anyTime = fc.oneof(
  fc.integer({ min: 0, max: LATEST_OBSERVED_AT_MS }),
  fc.integer({ min: 0, max: 99 }).map((second) => Date.UTC(2021, 3, 22, 23, 59, 30) + second * 1000),
);
const anyId = fc.oneof(
  anyText,
  fc.nat().map((number) => `V1-${number}`),
  fc.nat({ max: 2000 }).map((number) => `V1/${String(number).padStart(4, '0')}.x`),
);
const anySample = fc
  .tuple(anyTime, anyId, fc.constantFrom('given', 'iso', 'ms', 's'), anySignals)
  .map(([observedAtMs, id, kind, signals]): RecordedSample => {
    const ofTime = {
      iso: new Date(observedAtMs).toISOString(),
      ms: `${observedAtMs}`,
      s: `${observedAtMs / 1000}`,
    };
    return { observedAtMs, reportId: kind === 'given' ? id : `V1@${ofTime[kind as 'iso']}`, signals };
  });
const anySamples = fc
  .oneof(
    fc.array(anySample, { minLength: 1, maxLength: 20 }),
    fc.array(anySample, { minLength: 1, size: '+1' }),
  )
  .map(sortAndMerge)
  .filter((samples) => samples.length <= BLOCK_MAX_SAMPLES);

function isCorrupt(bytes: Uint8Array): boolean {
  try {
    decodeBlock(bytes);
    return false;
  } catch (error) {
    if (!isFault(error, 'CORRUPT_LOG')) throw error;
    return true;
  }
}

/** A typical block: a drive with one sample a second. */
const drive: readonly RecordedSample[] = Array.from({ length: BLOCK_MAX_SAMPLES }, (_, second) => {
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

describe('a block', () => {
  test('gives back exactly the same samples, with any text, any finite number and any mix of kinds', () => {
    fc.assert(
      fc.property(anySamples, (samples) => {
        expect(decodeBlock(encodeBlock(samples))).toEqual(samples);
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
        expect(decodeBlock(encodeBlock(samples), new Set(names))).toEqual(expected);
      }),
    );
  });

  test('does not depend on the order of signals in a sample', () => {
    const reversed = drive.map(({ signals, ...key }) => ({
      ...key,
      signals: Object.fromEntries(Object.entries(signals).reverse()),
    }));
    expect(encodeBlock(reversed)).toEqual(encodeBlock(drive));
  });

  test('takes a few bytes a sample if little changes', () => {
    expect(encodeBlock(drive).length / drive.length).toBeLessThan(7);
  });

  test.each([
    ['its time', (timeMs: number) => `V1@${new Date(timeMs).toISOString()}`],
    ['its time in milliseconds', (timeMs: number) => `V1-${timeMs}-x`],
    ['its time in seconds', (timeMs: number) => `V1-${timeMs / 1000}`],
    ['its number', (_: number, row: number) => `V1/${row + 7}`],
    ['its number with leading zeros', (_: number, row: number) => `V1/${String(row).padStart(6, '0')}`],
    ['the same text', () => 'V1'],
  ])('takes hardly any bytes for a report id with %s', (_, idOf) => {
    const named = drive.map((sample, row) => ({
      observedAtMs: sample.observedAtMs,
      reportId: idOf(sample.observedAtMs, row),
      signals: {},
    }));
    expect(encodeBlock(named).length).toBeLessThan(60);
  });

  test('of the first format stays readable', () => {
    const samples = golden.samples as readonly RecordedSample[];
    expect(decodeBlock(Buffer.from(golden.block, 'hex'))).toEqual(samples);
    expect(Buffer.from(encodeBlock(samples)).toString('hex')).toBe(golden.block);
  });
});

describe('a block with wrong bytes', () => {
  const block = encodeBlock(drive.slice(0, 40));

  test('is corrupt if it is cut off at any byte', () => {
    for (let length = 0; length < block.length; length += 1) {
      expect(isCorrupt(block.subarray(0, length)), `cut off at ${length}`).toBe(true);
    }
  });

  test('is corrupt if any single byte is changed', () => {
    fc.assert(
      fc.property(fc.nat({ max: block.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        const changed = Uint8Array.from(block);
        changed[at] = (changed[at] as number) ^ difference;
        expect(isCorrupt(changed)).toBe(true);
      }),
    );
  });

  test('is corrupt or readable after any changes with a right checksum, but throws no other error', () => {
    const anyChange = fc.tuple(
      fc.nat({ max: block.length }),
      fc.nat({ max: 3 }),
      fc.uint8Array({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(anyChange, { minLength: 1, maxLength: 4 }), (changes) => {
        let content = [...block.subarray(0, -4)];
        for (const [at, dropped, inserted] of changes) {
          content = [...content.slice(0, at), ...inserted, ...content.slice(at + dropped)];
        }
        isCorrupt(withChecksum(content));
      }),
      { numRuns: 2000 },
    );
  });

  test('is corrupt or readable with any bytes, but throws no other error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        isCorrupt(bytes);
        isCorrupt(withChecksum([1, ...bytes]));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['not sorted', [drive[1], drive[0]]],
    ['duplicates', [drive[0], drive[0]]],
    ['of an invalid time', [{ observedAtMs: LATEST_OBSERVED_AT_MS + 1, reportId: 'a', signals: {} }]],
    ['too many', [...drive, { observedAtMs: LATEST_OBSERVED_AT_MS, reportId: 'a', signals: {} }]],
  ])('is corrupt if its samples are %s', (_, samples) => {
    expect(isCorrupt(encodeBlock(samples as readonly RecordedSample[]))).toBe(true);
  });

  test.each([
    ['more samples than a block can have', [1, 0x81, 0x04]],
    ['a count that is too large', [1, 255, 255, 255, 255, 255, 255, 255, 255, 255]],
    ['an unknown format', [2, 0]],
    ['more ids than bytes', [1, 1, 1, 2, 0xff, 0xff, 0xff, 0x7f]],
  ])('is corrupt with %s', (_, content) => {
    expect(isCorrupt(withChecksum(content))).toBe(true);
  });
});

function withChecksum(content: readonly number[]): Uint8Array {
  let hash = 0x811c9dc5;
  for (const byte of content) hash = Math.imul(hash ^ byte, 0x01000193);
  return Uint8Array.from([...content, hash & 255, (hash >>> 8) & 255, (hash >>> 16) & 255, hash >>> 24]);
}
