import type { Signals } from '@odograph/kernel/signal';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeSample } from './believable.ts';
import { RANGES } from './bounds.ts';
import { RECEIVED_AT_MS } from './report.arbitrary.ts';

const CLOCK = { receivedAtMs: RECEIVED_AT_MS, futureToleranceMs: 300_000 };

const judge = (signals: Signals, observedAtMs = RECEIVED_AT_MS, clockText?: string) =>
  judgeSample({ observedAtMs, signals, clockText }, CLOCK);

/** Each reason as `field REASON`. */
const reasonsOf = (signals: Signals, observedAtMs?: number, clockText?: string) =>
  judge(signals, observedAtMs, clockText).findings.map(({ field, reason }) => `${field} ${reason}`);

test('the bounds of a range are believed', () => {
  for (const [name, { min, max }] of Object.entries(RANGES)) {
    if (name === 'latitude_deg' || name === 'longitude_deg') continue;
    expect(reasonsOf({ [name]: min })).toEqual([]);
    expect(reasonsOf({ [name]: max })).toEqual([]);
  }
  expect(reasonsOf({ latitude_deg: -90, longitude_deg: 180 })).toEqual([]);
});

test.each(Object.entries(RANGES))('%s beyond its range is set aside', (name, { min, max }) => {
  for (const value of [min - 0.001, max + 0.001]) {
    expect(reasonsOf({ [name]: value, engine_running: true })).toContain(`signals.${name} OUT_OF_RANGE`);
  }
});

test('a bad signal does not affect the other signals', () => {
  const judgement = judge({ odometer_km: -1, speed_kmh: 50, charging: false });
  expect(judgement).toEqual({
    believed: { speed_kmh: 50, charging: false },
    setAside: { odometer_km: -1 },
    findings: [
      {
        field: 'signals.odometer_km',
        reason: 'OUT_OF_RANGE',
        description: '-1 is outside 0 to 10000000 km',
      },
    ],
  });
});

test('a latitude of 91 sets the longitude aside too', () => {
  const judgement = judge({ latitude_deg: 91, longitude_deg: 13.4, speed_kmh: 50 });
  expect(judgement.believed).toEqual({ speed_kmh: 50 });
  expect(judgement.findings.map(({ field, reason }) => [field, reason])).toEqual([
    ['signals.latitude_deg', 'OUT_OF_RANGE'],
    ['signals.longitude_deg', 'POSITION_INCOMPLETE'],
  ]);
});

test('a longitude of 1555 sets the latitude aside too', () => {
  expect(reasonsOf({ latitude_deg: 33.9, longitude_deg: 1555.6 })).toEqual([
    'signals.longitude_deg OUT_OF_RANGE',
    'signals.latitude_deg POSITION_INCOMPLETE',
  ]);
});

test('half a position is set aside', () => {
  expect(reasonsOf({ latitude_deg: 33.9 })).toEqual(['signals.latitude_deg POSITION_INCOMPLETE']);
  expect(reasonsOf({ longitude_deg: 33.9 })).toEqual(['signals.longitude_deg POSITION_INCOMPLETE']);
});

test('latitude 0 means a receiver without a fix; longitude 0 is Greenwich', () => {
  expect(reasonsOf({ latitude_deg: 0, longitude_deg: 0 })).toEqual([
    'signals.latitude_deg SENTINEL',
    'signals.longitude_deg POSITION_INCOMPLETE',
  ]);
  expect(reasonsOf({ latitude_deg: -0, longitude_deg: 9 })).toContain('signals.latitude_deg SENTINEL');
  expect(reasonsOf({ latitude_deg: 51.48, longitude_deg: 0 })).toEqual([]);
});

test('the sentinels of a vehicle bus are not speeds', () => {
  expect(reasonsOf({ speed_kmh: 255 })).toEqual(['signals.speed_kmh SENTINEL']);
  expect(reasonsOf({ speed_kmh: 255.99609375 })).toEqual(['signals.speed_kmh SENTINEL']);
  // The byte 255 taken for miles an hour, as a bus fleet recorded it: 113.9952 m/s.
  expect(reasonsOf({ speed_kmh: 113.9952 * 3.6 })).toEqual(['signals.speed_kmh OUT_OF_RANGE']);
  expect(reasonsOf({ speed_kmh: 254.9 })).toEqual([]);
});

const SENTINELS = Object.entries(RANGES).flatMap(([name, { sentinels, resolution }]) =>
  sentinels.map(({ value }) => [name, value, resolution?.size ?? Number.NaN] as const),
);

test.each(SENTINELS)('%s: what a sender rounds to %d is not a measurement', (name, sentinel, step) => {
  const isSentinel = (value: number) => reasonsOf({ [name]: value }).includes(`signals.${name} SENTINEL`);
  const within = fc.double({ min: -0.5, max: 0.5, noNaN: true });
  // Not as far as the next sentinel.
  const beyond = fc.double({ min: 0.51, max: 200, noNaN: true });
  expect(isSentinel(Math.fround(sentinel))).toBe(true);
  fc.assert(
    fc.property(within, beyond, fc.constantFrom(1, -1), (near, far, side) => {
      expect(isSentinel(sentinel + near * step * (1 - 1e-6))).toBe(true);
      expect(isSentinel(sentinel + side * far * step)).toBe(false);
    }),
  );
});

test('two bytes of ones are not a speed as senders round them, and 256 km/h is one', () => {
  for (const speed of [255.996, 255.9961, Math.fround(255.99609375), (255 / 3.6) * 3.6]) {
    expect(reasonsOf({ speed_kmh: speed })).toEqual(['signals.speed_kmh SENTINEL']);
  }
  expect(reasonsOf({ speed_kmh: 256 })).toEqual([]);
  expect(reasonsOf({ speed_kmh: 255.01 })).toEqual([]);
});

test('signals without a range are believed', () => {
  expect(reasonsOf({ 'Vehicle.OBD.Load': 1e300, 'Vehicle.Body.State': 'x', charging: true })).toEqual([]);
});

test('a bad clock sets the whole sample aside, and the other findings are listed too', () => {
  const judgement = judge({ speed_kmh: 50, heading_deg: 361 }, 0);
  expect(judgement.believed).toEqual({});
  expect(judgement.setAside).toEqual({ speed_kmh: 50, heading_deg: 361 });
  expect(judgement.findings.map(({ reason }) => reason)).toEqual(['CLOCK_UNREADABLE', 'OUT_OF_RANGE']);
});

test.each([
  ['no time', 0, undefined, 'CLOCK_UNREADABLE'],
  ['a text that is not a time', 0, '90/02/2032 12:08:07', 'CLOCK_UNREADABLE'],
  ['a text beside a time', RECEIVED_AT_MS, '?', 'CLOCK_UNREADABLE'],
  ['the start of GPS time', Date.UTC(1980, 0, 6), undefined, 'IN_THE_DISTANT_PAST'],
  ['a time before 1970', -1, undefined, 'IN_THE_DISTANT_PAST'],
  ['the year 2090', Date.UTC(2090, 0, 1), undefined, 'IN_THE_FUTURE'],
  ['just past the tolerance', RECEIVED_AT_MS + 300_001, undefined, 'IN_THE_FUTURE'],
])('%s is not believed as the time of a sample', (_, observedAtMs, clockText, reason) => {
  expect(reasonsOf({ speed_kmh: 50 }, observedAtMs, clockText)).toEqual([`observed_at_ms ${reason}`]);
});

test('a clock that is ahead within the tolerance, and one that is years behind, are believed', () => {
  expect(reasonsOf({ speed_kmh: 50 }, RECEIVED_AT_MS + 300_000)).toEqual([]);
  expect(reasonsOf({ speed_kmh: 50 }, Date.UTC(1990, 0, 1))).toEqual([]);
  // A GPS receiver whose week number started again.
  expect(reasonsOf({ speed_kmh: 50 }, RECEIVED_AT_MS - 1_024 * 7 * 86_400_000)).toEqual([]);
});

test.each([
  ['seconds', RECEIVED_AT_MS / 1000],
  ['microseconds', RECEIVED_AT_MS * 1000],
])('a time in %s is recognised, and the finding says so', (unit, observedAtMs) => {
  expect(judge({ speed_kmh: 50 }, observedAtMs).findings).toMatchObject([
    { description: expect.stringContaining(`looks like ${unit}: send milliseconds`) },
  ]);
});
