import { expect, test } from 'vitest';
import { foldPlainly } from './plain-fold.ts';
import { loggedAs, VEHICLE } from './synthetic.fixture.ts';

const viewOf = (...events: Parameters<typeof foldPlainly>[0]) => foldPlainly(events).get(VEHICLE);

test('the status has the value of each signal with the latest observed time, whatever came last', () => {
  const view = viewOf(
    loggedAs('new', 1, { observedAtMs: 2_000, signals: { speedKmh: 50 } }),
    loggedAs('old', 2, { observedAtMs: 1_000, signals: { speedKmh: 30, odometerKm: 7 } }),
  );
  expect(view?.status).toEqual(
    new Map([
      ['speed_kmh', [50, 2_000]],
      ['odometer_km', [7, 1_000]],
    ]),
  );
});

test('samples are sorted by observed time, then by report id', () => {
  const view = viewOf(
    loggedAs('b', 1, { observedAtMs: 10_000 }),
    loggedAs('c', 2, { observedAtMs: 9_000 }),
    loggedAs('a', 3, { observedAtMs: 10_000 }),
  );
  expect(view?.samples.map(([observedAtMs, reportId]) => [observedAtMs, reportId])).toEqual([
    [9_000, 'c'],
    [10_000, 'a'],
    [10_000, 'b'],
  ]);
});

test('two reports with the same key give the greater value of each signal, whichever came first', () => {
  const one = loggedAs('a', 1, { signals: { speedKmh: 40, odometerKm: 8, engineRunning: true } });
  const other = loggedAs('a', 2, { signals: { speedKmh: 60, odometerKm: 7, engineRunning: false } });
  const expected = [[1_000, 'a', { speed_kmh: 60, odometer_km: 8, engine_running: true }]];
  expect(viewOf(one, other)?.samples).toEqual(expected);
  expect(viewOf(other, one)?.samples).toEqual(expected);
});

test('a quarantined report changes the received time and nothing else', () => {
  const view = viewOf(
    loggedAs('a', 1, { receivedAtMs: 5_000, signals: { speedKmh: 40 } }),
    loggedAs('b', 2, { receivedAtMs: 6_000, type: 'TelemetryQuarantined', signals: { speedKmh: 4_000 } }),
  );
  expect(view?.lastReceivedAtMs).toBe(6_000);
  expect(view?.samples).toHaveLength(1);
});

test('each vehicle has its own view', () => {
  const views = foldPlainly([loggedAs('a', 1), loggedAs('a', 2, { subject: 'fleet-0002' })]);
  expect([...views.keys()]).toEqual([VEHICLE, 'fleet-0002']);
});
