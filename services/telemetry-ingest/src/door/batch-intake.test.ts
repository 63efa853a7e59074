import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { Fault } from '@odograph/kernel/fault';
import { expect, onTestFinished, test, vi } from 'vitest';
import { BatchIntake } from './batch-intake.ts';
import { createMemoryLog, report } from './door.fixture.ts';
import { TelemetryRoom } from './room.ts';

const CALL = {
  ...{ client: 'c', deadlineAtMs: Date.now() + 600_000 },
  ...{ traceparent: '', failsIfAllAreRejected: false },
};
const NO_METRICS = {
  reportsTaken: () => 0,
  batchTaken: () => undefined,
  answered: () => undefined,
  refused: () => undefined,
  refusedInPart: () => undefined,
  connectionOpened: () => undefined,
  connectionClosed: () => undefined,
};

test.each([
  ['none if it is short', 0, 0],
  ['one after each report that takes 4 ms', 4, 9],
  ['one after every second report that takes 2 ms', 2, 4],
])('judging ten reports leaves others turns: %s', async (_, reportMs, expected) => {
  let nowMs = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  onTestFinished(() => clock.mockRestore());
  const intake = new BatchIntake({
    publisher: createMemoryLog(),
    clients: { admitReports: () => undefined, storingFault: () => undefined },
    clock: { now: () => Date.now() },
    // Read once for each report.
    limits: {
      maxSamples: 1_000,
      get futureToleranceMs() {
        nowMs += reportMs;
        return 300_000;
      },
    },
    room: new TelemetryRoom(createMemoryLog(), { fullPct: 90, minFreeDiskPct: 10 }),
    metrics: NO_METRICS,
  });
  const bytes = VehicleReport.encode(report('bus-7')).finish();
  let [turns, isQueued] = [0, false];
  const count = () => {
    turns += 1;
    if (!isQueued) setImmediate(count);
  };
  setImmediate(count);
  const taking = intake.take(
    { reports: Array.from({ length: 10 }, () => bytes), refusal: undefined },
    {
      ...CALL,
      onQueued: () => {
        isQueued = true;
      },
    },
  );
  await taking;
  expect(turns).toBe(expected);
});

test('of a batch that is taken in part, what was refused is counted', async () => {
  const fault = new Fault('OVERLOADED', 'wait');
  const refusedInPart = vi.fn();
  const intake = new BatchIntake({
    publisher: createMemoryLog(),
    clients: {
      admitReports: () => undefined,
      storingFault: (_, { vehicle }) => (vehicle === 'bus-8' ? fault : undefined),
    },
    clock: { now: () => Date.now() },
    limits: { maxSamples: 1_000, futureToleranceMs: 300_000 },
    room: new TelemetryRoom(createMemoryLog(), { fullPct: 90, minFreeDiskPct: 10 }),
    metrics: { ...NO_METRICS, refusedInPart: (faults) => refusedInPart([...faults]) },
  });
  const reports = ['bus-7', 'bus-8', 'bus-9'].map((id) => VehicleReport.encode(report(id)).finish());
  await intake.take({ reports, refusal: undefined }, CALL);
  expect(refusedInPart.mock.calls).toEqual([[[fault]]]);
});
