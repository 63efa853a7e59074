import {
  KNOWN_SIGNAL_NAMES,
  KNOWN_SIGNALS,
  type KnownSignalName,
  type Signals,
} from '@odograph/kernel/signal';
import fc from 'fast-check';
import { RANGES } from './bounds.ts';
import type { IncomingReport, IncomingSample, OtherSignal } from './report.ts';

/** The time at the door in the tests: 2026-03-01T12:00:00Z. */
export const RECEIVED_AT_MS = Date.UTC(2026, 2, 1, 12);

const observedAtMs = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: RECEIVED_AT_MS - 86_400_000, max: RECEIVED_AT_MS }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, -1, Date.UTC(2090, 0, 1), RECEIVED_AT_MS * 1000) },
);

/** Numbers a vehicle could measure, and some that it could not. */
function numberOf(name: string): fc.Arbitrary<number> {
  const { min, max } = RANGES[name] ?? { min: -1000, max: 1000 };
  const noise = { noNaN: true, noDefaultInfinity: true };
  return fc.oneof(
    { weight: 6, arbitrary: fc.double({ min, max, ...noise }) },
    { weight: 1, arbitrary: fc.double(noise) },
    { weight: 1, arbitrary: fc.constantFrom(0, -0, min, max, 255, 255.99609375, 91, 1555.6) },
  );
}

const known: fc.Arbitrary<Signals> = fc
  .subarray([...KNOWN_SIGNAL_NAMES])
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, signalOf(name)]))));

function signalOf(name: KnownSignalName): fc.Arbitrary<number | boolean> {
  return KNOWN_SIGNALS[name].kind === 'number' ? numberOf(name) : fc.boolean();
}

const other: fc.Arbitrary<OtherSignal> = fc.record({
  path: fc.constantFrom('Vehicle.Cabin.Seat.Row1.Occupied', 'Vehicle.OBD.Load', 'Vehicle.Body.Lights.State'),
  value: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.string({ maxLength: 20 }),
  ),
});

const sample: fc.Arbitrary<IncomingSample> = fc
  .record(
    {
      observedAtMs,
      clockText: fc.constantFrom('90/02/2032 12:08:07', '?'),
      known,
      others: fc.uniqueArray(other, { maxLength: 3, selector: ({ path }) => path }),
    },
    { requiredKeys: ['observedAtMs', 'known', 'others'] },
  )
  .filter((made) => Object.keys(made.known).length + made.others.length > 0);

/** Reports that can be read. Many of their values cannot be believed. */
export const readableReport: fc.Arbitrary<IncomingReport> = fc.record(
  {
    vehicleId: fc.constantFrom('bus-7', 'WVWZZZ1JZXW000001', 'fleet:9'),
    reportId: fc.constantFrom('r-1', '2026-03-01T11:00:00Z'),
    vin: fc.constantFrom('1M8GDM9AXKP042788', 'WVWZZZ1JZXW000001'),
    samples: fc.array(sample, { minLength: 1, maxLength: 5 }),
  },
  { requiredKeys: ['vehicleId', 'reportId', 'samples'] },
);

const anyOther: fc.Arbitrary<OtherSignal> = fc.record({
  path: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'speed_kmh', 'Vehicle.Speed')),
  value: fc.option(fc.oneof(fc.double(), fc.boolean(), fc.string({ maxLength: 300 })), { nil: undefined }),
});

/** Everything that the decoder can return, readable or not. */
export const anyReport: fc.Arbitrary<IncomingReport> = fc.record(
  {
    vehicleId: fc.string({ unit: 'binary' }),
    reportId: fc.string({ unit: 'binary' }),
    vin: fc.string(),
    samples: fc.array(
      fc.record(
        {
          observedAtMs: fc.oneof(fc.double(), fc.maxSafeInteger()),
          clockText: fc.string({ maxLength: 80 }),
          known: fc.dictionary(fc.constantFrom(...KNOWN_SIGNAL_NAMES), fc.double()),
          others: fc.array(anyOther),
        },
        { requiredKeys: ['observedAtMs', 'known', 'others'] },
      ),
    ),
  },
  { requiredKeys: ['vehicleId', 'reportId', 'samples'] },
);
