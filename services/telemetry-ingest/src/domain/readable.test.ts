import { expect, test } from 'vitest';
import { MAX_FINDINGS } from './findings.ts';
import { readReport } from './readable.ts';
import { RECEIVED_AT_MS } from './report.arbitrary.ts';
import type { IncomingReport, IncomingSample } from './report.ts';

const LIMITS = { maxSamples: 3, futureToleranceMs: 300_000 };

const sample = (over: Partial<IncomingSample> = {}): IncomingSample => ({
  observedAtMs: RECEIVED_AT_MS,
  known: { speed_kmh: 50 },
  others: [],
  ...over,
});

const report = (over: Partial<IncomingReport> = {}): IncomingReport => ({
  vehicleId: 'bus-7',
  reportId: 'r-1',
  samples: [sample()],
  ...over,
});

/** Each finding as `field REASON`. */
function findingsOf(incoming: IncomingReport): readonly string[] {
  const reading = readReport(incoming, LIMITS);
  return reading.isReadable ? [] : reading.findings.listed.map(({ field, reason }) => `${field} ${reason}`);
}

const other = (path: string, value: IncomingSample['others'][number]['value']) =>
  report({ samples: [sample({ others: [{ path, value }] })] });

test('a valid report is read, with its signals in one table', () => {
  const others = [{ path: 'Vehicle.Cabin.Seat.Row1.Occupied', value: true }];
  const reading = readReport(report({ vin: '1M8GDM9AXKP042788', samples: [sample({ others })] }), LIMITS);
  expect(reading).toEqual({
    isReadable: true,
    report: {
      vehicleId: 'bus-7',
      reportId: 'r-1',
      vin: '1M8GDM9AXKP042788',
      samples: [
        {
          observedAtMs: RECEIVED_AT_MS,
          signals: { speed_kmh: 50, 'Vehicle.Cabin.Seat.Row1.Occupied': true },
        },
      ],
    },
  });
});

test.each(['', 'bus 7', 'bus/7', 'bús', 'a\u0000b', 'x'.repeat(65), '../../etc/passwd', 'bus-7\n'])(
  'the vehicle id %j is refused by name',
  (vehicleId) => {
    expect(findingsOf(report({ vehicleId }))).toEqual(['vehicle_id INVALID_VEHICLE_ID']);
  },
);

test.each(['', 'a b', 'ä', 'x'.repeat(129), 'a\n', '\u0000'])(
  'the report id %j is refused by name',
  (reportId) => {
    expect(findingsOf(report({ reportId }))).toEqual(['report_id INVALID_REPORT_ID']);
  },
);

test.each(['', '1M8GDM9AXKP04278', 'IM8GDM9AXKP042788', '1m8gdm9axkp042788'])(
  'the VIN %j is refused',
  (vin) => {
    expect(findingsOf(report({ vin }))).toEqual(['vin INVALID_VIN']);
  },
);

test('a report without samples is refused', () => {
  expect(findingsOf(report({ samples: [] }))).toEqual(['samples NO_SAMPLE']);
});

test('a report with too many samples is refused with the limit and the way out', () => {
  const reading = readReport(report({ samples: Array.from({ length: 4 }, () => sample()) }), LIMITS);
  expect(reading).toMatchObject({
    findings: {
      listed: [
        { field: 'samples', description: '4 samples, at most 3 a report: split it into several reports' },
      ],
    },
  });
});

test('a sample without a signal is refused', () => {
  expect(findingsOf(report({ samples: [sample(), sample({ known: {} })] }))).toEqual([
    'samples[1].signals NO_SIGNAL',
  ]);
});

test.each([NaN, Infinity, -Infinity])('%d is refused with the name of its field', (speed) => {
  const bad = report({ samples: [sample({ known: { speed_kmh: speed, latitude_deg: 1 } })] });
  expect(findingsOf(bad)).toEqual(['samples[0].signals.speed_kmh NOT_FINITE']);
  expect(findingsOf(other('Vehicle.OBD.Load', speed))).toEqual([
    'samples[0].signals.others["Vehicle.OBD.Load"] NOT_FINITE',
  ]);
});

test.each(['speed_kmh', 'Vehicle', 'vehicle.Speed', 'Vehicle..X', '__proto__', 'constructor', ''])(
  'the signal name %j is refused',
  (path) => {
    expect(findingsOf(other(path, 1))).toEqual([
      `samples[0].signals.others[${JSON.stringify(path)}] INVALID_SIGNAL_PATH`,
    ]);
  },
);

test('a signal that has its own field is refused by path, with the name of the field', () => {
  const reading = readReport(other('Vehicle.Speed', 50), LIMITS);
  expect(reading).toMatchObject({
    findings: {
      listed: [{ reason: 'HAS_A_FIELD', description: expect.stringContaining('use signals.speed_kmh') }],
    },
  });
});

test('texts that are too long are refused', () => {
  expect(findingsOf(other('Vehicle.OBD.Load', 'x'.repeat(256)))).toEqual([]);
  expect(findingsOf(other('Vehicle.OBD.Load', 'x'.repeat(257)))).toEqual([
    'samples[0].signals.others["Vehicle.OBD.Load"] TEXT_TOO_LONG',
  ]);
  expect(findingsOf(report({ samples: [sample({ clockText: 'x'.repeat(65) })] }))).toEqual([
    'samples[0].clock_text TEXT_TOO_LONG',
  ]);
});

test('a signal without a value is refused', () => {
  expect(findingsOf(other('Vehicle.OBD.Load', undefined))).toEqual([
    'samples[0].signals.others["Vehicle.OBD.Load"] NO_VALUE',
  ]);
});

test('more than 64 other signals in a sample are refused', () => {
  const others = Array.from({ length: 65 }, (_, at) => ({ path: `Vehicle.OBD.Pid${at}`, value: at }));
  expect(findingsOf(report({ samples: [sample({ others })] }))).toEqual([
    'samples[0].signals.others TOO_MANY_OTHERS',
  ]);
});

test('a time that is not a whole number of milliseconds is refused', () => {
  expect(findingsOf(report({ samples: [sample({ observedAtMs: 2 ** 60 })] }))).toEqual([
    'samples[0].observed_at_ms NOT_MILLISECONDS',
  ]);
});

test('all findings are listed at once', () => {
  const samples = [sample({ known: {} }), sample({ known: { speed_kmh: NaN, odometer_km: Infinity } })];
  expect(findingsOf({ vehicleId: 'bus 7', reportId: '', vin: 'x', samples })).toEqual([
    'vehicle_id INVALID_VEHICLE_ID',
    'report_id INVALID_REPORT_ID',
    'vin INVALID_VIN',
    'samples[0].signals NO_SIGNAL',
    'samples[1].signals.speed_kmh NOT_FINITE',
    'samples[1].signals.odometer_km NOT_FINITE',
  ]);
});

test('the first 200 findings of a report are listed, the others counted, and what is over a limit is not read', () => {
  const others = Array.from({ length: 10_000 }, (_, at) => ({ path: `x${at}`, value: undefined }));
  const reading = readReport(
    report({ samples: Array.from({ length: 10_000 }, () => sample({ others })) }),
    LIMITS,
  );
  // In each of the 3 samples that are read: too many others, and two findings in each of the first 64.
  const count = 1 + 3 * (1 + 2 * 64);
  expect(reading).toMatchObject({ isReadable: false, findings: { unlisted: count - MAX_FINDINGS } });
  expect(reading.isReadable || reading.findings.listed.length).toBe(MAX_FINDINGS);
});

test('the value found is quoted in one line, and cut', () => {
  const quotedIn = (vehicleId: string) => {
    const reading = readReport(report({ vehicleId }), LIMITS);
    return reading.isReadable ? '' : reading.findings.listed[0]?.description.split(' is not ')[0];
  };
  expect(quotedIn('bus "7"\n')).toBe(String.raw`"bus \"7\"\n"`);
  expect(quotedIn('x'.repeat(10_000))).toBe(`"${'x'.repeat(39)}…"`);
  expect(quotedIn('\0'.repeat(40))).toBe(String.raw`"\u0000\u0000\u0000\u0000\u0000\u0000\u0…"`);
});
