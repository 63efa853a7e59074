import { isFault } from '@odograph/kernel/fault';
import { DEFAULT_REGISTRATION, type Registration } from '@odograph/kernel/registration';
import type { Signals } from '@odograph/kernel/signal';
import type { TelemetryReported, VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { VehicleStatus } from '@odograph/kernel/vehicle-status';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEvent, deliver, fold, keysOf, open } from './deliver.fixture.ts';
import { MAX_OTHER_SIGNALS } from './signal-merge.ts';
import { status, statusOf } from './status.ts';
import { anyDelivery, anyEvents, anyRegistrations } from './vehicle-events.arbitrary.ts';

function report(
  observedAtMs: number,
  signals: Signals,
  more: Partial<TelemetryReported> = {},
): TelemetryReported {
  const head = { subject: 'V1', reportId: 'a', observedAtMs, receivedAtMs: 10 };
  return { type: 'TelemetryReported', ...head, samples: [{ observedAtMs, signals }], ...more };
}

function statusAfter(...events: VehicleEvent[]): VehicleStatus | undefined {
  return statusOf(fold(status, events).get('') ?? status.initial('V1', ''));
}

function valuesAfter(...events: VehicleEvent[]): Signals {
  return Object.fromEntries(
    [...(statusAfter(...events)?.latest ?? [])].map(([name, { value }]) => [name, value]),
  );
}

function decided(aggregateVersion: number, change: Partial<Registration> | 'retired'): VehicleEvent {
  const at = { observedAtMs: 20, receivedAtMs: 20 };
  const head = { subject: 'V1', reportId: `d${aggregateVersion}`, ...at, aggregateVersion, commandHash: '' };
  if (change === 'retired') return { type: 'VehicleRetired', ...head };
  const type = aggregateVersion === 1 ? 'VehicleRegistered' : 'VehicleUpdated';
  return { type, ...head, registration: { ...DEFAULT_REGISTRATION, ...change } };
}

const quarantined: VehicleEvent = {
  ...report(99, {}),
  type: 'TelemetryQuarantined',
  receivedAtMs: 30,
  vin: '1M8GDM9AXKP042788',
  samples: [{ sampleIndex: 0, sample: { observedAtMs: 99, signals: { latitude_deg: 91 } }, findings: [] }],
};

describe('the status', () => {
  test('is the same in any order, with any duplicates, and stored at any time', () => {
    const all = fc.tuple(anyEvents, anyRegistrations).map((both): readonly VehicleEvent[] => both.flat());
    const delivered = all.chain((events) => fc.tuple(fc.constant(events), anyDelivery(events)));
    fc.assert(
      fc.property(delivered, ([events, groups]) => {
        expect(deliver(status, groups)).toEqual(deliver(status, [events]));
      }),
    );
  });

  test('has a time for each signal: a late report changes only signals without a newer value', () => {
    const late = report(5, { speed_kmh: 1, odometer_km: 7 });
    const known = statusAfter(report(8, { speed_kmh: 2 }), late);
    expect(known?.latest.get('speed_kmh')).toMatchObject({ value: 2, observedAtMs: 8 });
    expect(known?.latest.get('odometer_km')).toMatchObject({ value: 7, observedAtMs: 5 });
    expect(known?.lastObservedAtMs).toBe(8);
  });

  test('takes the greater report id of two reports with the same time, in UTF-16 order', () => {
    const [first, second] = [
      report(5, { speed_kmh: 9 }, { reportId: 'r10' }),
      report(5, { speed_kmh: 1 }, { reportId: 'r9' }),
    ];
    expect(valuesAfter(first, second)).toEqual({ speed_kmh: 1 });
    expect(valuesAfter(second, first)).toEqual({ speed_kmh: 1 });
  });

  test('takes the greater value of two conflicting reports, and never mixes two fixes', () => {
    const came = report(5, { latitude_deg: 1, longitude_deg: 9, speed_kmh: 3 });
    const held = report(5, { latitude_deg: 2, longitude_deg: 0, speed_kmh: 4 });
    const heldAt = { partition: 0, sequence: 1, index: 0 };
    const merged = { latitude_deg: 2, longitude_deg: 0, speed_kmh: 4 };
    expect(valuesAfter(held, { ...came, type: 'TelemetryConflicted', came, heldAt })).toEqual(merged);
    expect(valuesAfter(came, { ...held, type: 'TelemetryConflicted', came: held, heldAt })).toEqual(merged);
  });

  test('knows a vehicle in the default fleet from its first report on, also a quarantined one', () => {
    expect(statusAfter()).toBeUndefined();
    expect(statusAfter(quarantined)).toEqual({
      ...{ fleet: 'default', model: '', displayName: '', tags: [], capabilities: [], units: 'metric' },
      ...{ isRetired: false, registeredVin: '', registrationVersion: 0 },
      latest: new Map(),
      lastReceivedAtMs: 30,
      hasMoreSignals: false,
    });
  });

  test('has the newest registration, also of a vehicle that never reported', () => {
    const first = decided(1, { fleet: 'north', tags: ['night'] });
    const second = decided(2, { fleet: 'south', displayName: 'Bus 7' });
    const known = statusAfter(second, first);
    expect(known).toMatchObject({ fleet: 'south', displayName: 'Bus 7', tags: [], registrationVersion: 2 });
    expect(known).not.toHaveProperty('lastReceivedAtMs');
  });

  test('is retired until it is registered again, and keeps its signals', () => {
    const events = [report(5, { speed_kmh: 1 }), decided(1, { fleet: 'north' }), decided(2, 'retired')];
    expect(statusAfter(...events)).toMatchObject({ fleet: 'north', isRetired: true, registrationVersion: 2 });
    expect(statusAfter(...events)?.latest.size).toBe(1);
    expect(statusAfter(...events, decided(3, {}))).toMatchObject({ fleet: 'default', isRetired: false });
    expect(statusAfter(decided(1, 'retired'))).toMatchObject({ isRetired: true, registrationVersion: 1 });
  });

  test('prefers the VIN of the registration to that of a report', () => {
    const [registered, reported] = ['1M8GDM9A0KP042788', '1M8GDM9AXKP042788'];
    const both = [report(5, {}, { vin: reported }), decided(1, { vin: registered })];
    expect(statusAfter(...both)).toMatchObject({ vin: registered, isVinCheckDigitRight: false });
    expect(statusAfter(...both, decided(2, {}))).toMatchObject({ vin: reported, isVinCheckDigitRight: true });
  });

  test('has the time of the last report, also a quarantined one', () => {
    expect(statusAfter(report(50, { speed_kmh: 1 }), quarantined)).toMatchObject({
      lastObservedAtMs: 50,
      lastReceivedAtMs: 30,
    });
  });

  test('has the VIN of the newest report with a VIN, and whether its check digit is right', () => {
    const [right, wrong] = ['1M8GDM9AXKP042788', '1M8GDM9A0KP042788'];
    const [old, recent] = [
      report(5, { speed_kmh: 1 }, { vin: wrong }),
      report(6, { speed_kmh: 1 }, { vin: right }),
    ];
    const newest = report(7, { speed_kmh: 1 });
    expect(statusAfter(newest, recent, old)).toMatchObject({ vin: right, isVinCheckDigitRight: true });
    expect(statusAfter(newest, old)).toMatchObject({ vin: wrong, isVinCheckDigitRight: false });
    expect(statusAfter(newest)).not.toHaveProperty('vin');
    const otherwise = { ...recent, vin: wrong };
    expect(statusAfter(recent, otherwise)?.vin).toBe(statusAfter(otherwise, recent)?.vin);
  });

  test('ignores events that are not about a vehicle', () => {
    const head = { subject: 'log/0', reportId: '0/1', observedAtMs: 1, receivedAtMs: 1 };
    expect(keysOf(status, { type: 'TimeTicked', ...head })).toEqual([]);
    expect(
      keysOf(status, { type: 'UndecodableReceived', ...head, reason: '', raw: new Uint8Array() }),
    ).toEqual([]);
  });

  test('is one document with the fleet at the top and no dots in field names', () => {
    const [body, ...more] =
      deliver(status, [[report(5, { 'Vehicle.A.B': 'ON', speed_kmh: 1 })]]).get('') ?? [];
    expect(more).toEqual([]);
    expect(body).toEqual({
      fleet: 'default',
      model: '',
      lastObservedAtMs: 5,
      lastReceivedAtMs: 10,
      signals: [
        { n: 'Vehicle.A.B', v: 'ON', t: 5, r: 'a' },
        { n: 'speed_kmh', v: 1, t: 5, r: 'a' },
      ],
    });
  });

  test('has what lists filter by at the top of its document, and the rest of the registration below', () => {
    const registration = { fleet: 'north', model: 'Citaro', tags: ['day'], displayName: 'Bus 7' };
    const stored = deliver(status, [[decided(1, registration)], [decided(2, 'retired')]]);
    expect(stored.get('')).toEqual([
      {
        ...{ fleet: 'north', model: 'Citaro', tags: ['day'], retiredAtVersion: 2, signals: [] },
        registered: { displayName: 'Bus 7', capabilities: [], vin: '', units: 'metric', version: 1 },
      },
    ]);
  });

  test('keeps a limited number of other signals, the same in any order, and shows that there were more', () => {
    const name = (at: number) => `Vehicle.S${String(at).padStart(5, '0')}`;
    const events = Array.from({ length: 12 }, (_, group) =>
      report(
        group,
        Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [name(group * 1000 + at), at])),
      ),
    );
    const known = statusAfter(...events, report(1, { speed_kmh: 1 }));
    expect(known?.hasMoreSignals).toBe(true);
    expect([...(known?.latest.keys() ?? [])]).toEqual([
      ...Array.from({ length: MAX_OTHER_SIGNALS }, (_, at) => name(at)),
      'speed_kmh',
    ]);
    expect(deliver(status, [events.slice(6).reverse(), events.slice(0, 6)])).toEqual(
      deliver(status, [events]),
    );
  });

  test.each([
    ['NaN', report(5, { speed_kmh: Number.NaN })],
    ['a known signal with a value of another kind', report(5, { speed_kmh: 'fast' })],
    ['a time that is not an integer', report(5.5, { speed_kmh: 1 })],
    ['a time after the year 9999', report(1e15, { speed_kmh: 1 })],
  ])('cannot apply %s, and does not change', (_, event) => {
    const slice = open(status, '', deliver(status, [[report(4, { speed_kmh: 4 })]]).get(''));
    const before = structuredClone([...status.toDocuments(slice)]);
    expect(() => applyEvent(status, slice, '', { ...event, receivedAtMs: 999 })).toThrow(/report a: /);
    expect([...status.toDocuments(slice)]).toEqual(before);
  });

  test('cannot be read from a document of another form', () => {
    try {
      status.fromDocuments('V1', '', [{ fleet: 'default', signals: 'none' }]);
      expect.unreachable();
    } catch (error) {
      expect(isFault(error, 'CORRUPT_LOG')).toBe(true);
    }
  });
});
