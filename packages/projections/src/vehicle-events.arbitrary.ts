import { DEFAULT_REGISTRATION, type Registration } from '@odograph/kernel/registration';
import type { Signals, SignalValue } from '@odograph/kernel/signal';
import type {
  EventHead,
  RegistrationEvent,
  TelemetryConflicted,
  TelemetryQuarantined,
  TelemetryReported,
} from '@odograph/kernel/vehicle-event';
import fc from 'fast-check';

export type TelemetryEvent = TelemetryReported | TelemetryQuarantined | TelemetryConflicted;

/** The start of a window, so that times around it are in two windows. */
export const WINDOW_START_MS = Date.UTC(2021, 3, 22, 6);

/** Few names and few values of every kind, so that samples often have the same key and equal values. */
function signalsOf(...zeros: readonly number[]): fc.Arbitrary<Signals> {
  const anyValue: fc.Arbitrary<SignalValue> = fc.oneof(
    fc.constantFrom(-1, 0.1, 12, 1e308, Number.MIN_VALUE, ...zeros),
    fc.boolean(),
    fc.constantFrom('', '0', 'OFF', 'ON', 'ä', '漢\ud800', 'false'),
  );
  const anyCoordinate = fc.constantFrom(-1, 1, 2, ...zeros);
  const anySpeed = fc.constantFrom(50.1, 1 / 3, ...zeros);
  return fc
    .record(
      {
        latitude_deg: anyCoordinate,
        longitude_deg: anyCoordinate,
        speed_kmh: anySpeed,
        charging: fc.boolean(),
        'Vehicle.A': anyValue,
        'Vehicle.B.C': anyValue,
      },
      { requiredKeys: [], noNullPrototype: true },
    )
    .map((signals) => signals as Signals);
}

/** Signals as the views store them. */
export const anySignals = signalsOf(0);

const anyTime = fc.integer({ min: -4, max: 4 }).map((offsetMs) => WINDOW_START_MS + offsetMs);
const anySamples = fc.array(
  fc.record({ observedAtMs: anyTime, signals: signalsOf(0, -0) }, { noNullPrototype: true }),
  {
    minLength: 1,
    maxLength: 4,
  },
);
const anyVin = fc.constantFrom(undefined, '1M8GDM9AXKP042788', '1M8GDM9A0KP042788');

const anyHead: fc.Arbitrary<EventHead> = fc.record(
  {
    subject: fc.constant('V1'),
    reportId: fc.constantFrom('a', 'b', 'r9', 'r10'),
    observedAtMs: anyTime,
    receivedAtMs: fc.integer({ min: 1, max: 9 }),
  },
  { noNullPrototype: true },
);

export const anyReport: fc.Arbitrary<TelemetryReported> = fc
  .tuple(anyHead, anyVin, anySamples)
  .map(([head, vin, samples]) => ({ type: 'TelemetryReported', ...head, vin, samples }));

const anyQuarantine: fc.Arbitrary<TelemetryQuarantined> = fc
  .tuple(anyHead, anyVin, anySamples)
  .map(([head, vin, samples]) => ({
    type: 'TelemetryQuarantined',
    ...head,
    vin,
    samples: samples.map((sample, sampleIndex) => ({ sampleIndex, sample, findings: [] })),
  }));

const anyConflict: fc.Arbitrary<TelemetryConflicted> = fc
  .oneof(anyReport, anyQuarantine)
  .map(({ subject, reportId, observedAtMs, receivedAtMs, ...came }) => {
    const head = { subject, reportId, observedAtMs, receivedAtMs };
    return {
      type: 'TelemetryConflicted',
      ...head,
      came: { ...came, ...head } as TelemetryConflicted['came'],
      heldAt: { partition: 0, sequence: 1, index: 0 },
    };
  });

/** Events of a vehicle: late, repeated, conflicting and quarantined reports. */
export const anyEvents: fc.Arbitrary<readonly TelemetryEvent[]> = fc.array(
  fc.oneof({ weight: 4, arbitrary: anyReport }, anyQuarantine, { weight: 2, arbitrary: anyConflict }),
  { maxLength: 12 },
);

const anyRegistration: fc.Arbitrary<Registration> = fc
  .record(
    {
      fleet: fc.constantFrom('default', 'north', 'south'),
      model: fc.constantFrom('', 'Citaro'),
      displayName: fc.constantFrom('', 'Bus 7'),
      tags: fc.subarray(['day', 'night']),
      capabilities: fc.subarray(['door_lock', 'horn']),
      vin: fc.constantFrom('', '1M8GDM9AXKP042788'),
      units: fc.constantFrom('metric', 'imperial'),
    },
    { noNullPrototype: true },
  )
  .map((registration) => ({ ...DEFAULT_REGISTRATION, ...registration }) as Registration);

/** The decisions about the registration of a vehicle, in order: each version once. */
export const anyRegistrations: fc.Arbitrary<readonly RegistrationEvent[]> = fc
  .array(
    fc.tuple(fc.constantFrom('VehicleRegistered', 'VehicleUpdated', 'VehicleRetired'), anyRegistration),
    { maxLength: 6 },
  )
  .map((decisions) =>
    decisions.map(([type, registration], at): RegistrationEvent => {
      const head = { subject: 'V1', reportId: `d${at}`, observedAtMs: 5, receivedAtMs: 5 };
      const decision = { ...head, aggregateVersion: at + 1, commandHash: 'ab' };
      return type === 'VehicleRetired' ? { type, ...decision } : { type, ...decision, registration };
    }),
  );

/** The same events in any order, some of them more than once, in groups. */
export function anyDelivery<E>(events: readonly E[]): fc.Arbitrary<readonly (readonly E[])[]> {
  return fc
    .tuple(fc.shuffledSubarray([...events], { minLength: events.length }), fc.subarray([...events]))
    .chain(([all, again]) =>
      fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }),
    )
    .chain((delivered) =>
      fc.array(fc.nat({ max: delivered.length }), { maxLength: 4 }).map((cuts) => {
        const bounds = [0, ...cuts.sort((a, b) => a - b), delivered.length];
        return bounds.slice(1).map((end, group) => delivered.slice(bounds[group], end));
      }),
    );
}
