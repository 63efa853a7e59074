import { expect, it } from 'vitest';
import { VehicleReport } from './generated/odograph/telemetry/v1/report.ts';
import { encodeReport, type Report } from './wire.ts';

function reportWith(text: string): Report {
  const signals = { others: { 'Vehicle.Overlay.Text': { kind: { $case: 'text' as const, value: text } } } };
  return { vehicleId: 'v', reportId: 'r', samples: [{ observedAtMs: 1, signals }] };
}

it('a text is encoded as it is', () => {
  const report = reportWith('Zoë 🚗');
  expect(VehicleReport.decode(encodeReport(report))).toMatchObject(report);
});

it('half of a surrogate pair is refused, and not sent as another text', () => {
  const refusal = 'report r cannot be encoded: "x\\ud83d" has half of a surrogate pair';
  expect(() => encodeReport(reportWith('x\ud83d'))).toThrow(refusal);
});
