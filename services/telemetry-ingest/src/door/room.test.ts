import { expect, test } from 'vitest';
import { TelemetryRoom } from './room.ts';

const LIMITS = { fullPct: 90, minFreeDiskPct: 10 };

function faultWith(filledRatio?: number, freeDiskRatio?: number) {
  const events = { partitionCount: () => 1, roomIn: () => ({ filledRatio, freeDiskRatio }) };
  return new TelemetryRoom(events, LIMITS).faultFor('bus-7');
}

test('telemetry is refused from 90 % of a stream on', () => {
  expect(faultWith(0.899)).toBeUndefined();
  expect(faultWith(0.9)).toMatchObject({
    code: 'OVERLOADED',
    message: 'the stream of partition 0 is 90.0 % full; telemetry is refused from 90 % on: retry in 5000 ms',
    limit: 'bytes of the stream',
    retryAfterMs: 5_000,
  });
});

test('telemetry is refused below 10 % free disk', () => {
  expect(faultWith(0, 0.1)).toBeUndefined();
  expect(faultWith(0, 0.099)).toMatchObject({
    code: 'OVERLOADED',
    message: "the log's disk has 9.9 % free; telemetry is refused below 10 %: retry in 5000 ms",
    limit: '10 % free disk',
    retryAfterMs: 5_000,
  });
});

test('what is not known does not refuse telemetry: the publisher says that the log is missing', () => {
  expect(faultWith()).toBeUndefined();
  const unseen = { partitionCount: () => undefined, roomIn: () => ({ filledRatio: 1, freeDiskRatio: 0 }) };
  expect(new TelemetryRoom(unseen, LIMITS).faultFor('bus-7')).toBeUndefined();
});

test('a full stream refuses the vehicles of its partition only', () => {
  const roomIn = (partition: number) => ({ filledRatio: partition, freeDiskRatio: 1 });
  const room = new TelemetryRoom({ partitionCount: () => 2, roomIn }, LIMITS);
  const vehicles = Array.from({ length: 50 }, (_, at) => `bus-${at}`);
  const refused = vehicles.filter((vehicle) => room.faultFor(vehicle) !== undefined);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(vehicles.length);
});
