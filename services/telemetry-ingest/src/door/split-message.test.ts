import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import {
  ConnectRequest,
  ReportRequest,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { isFault } from '@odograph/kernel/fault';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assertWithin, splitConnectRequest, splitReportRequest } from './split-message.ts';

const LIMITS = { maxBytes: 1_000, maxReports: 3 };

const report = (vehicleId: string) => VehicleReport.fromPartial({ vehicleId, reportId: 'r', samples: [] });
const decoded = (reports: readonly Uint8Array[]) =>
  reports.map((bytes) => VehicleReport.decode(bytes).vehicleId);

test('a request is cut into its reports', () => {
  const message = ReportRequest.encode({ reports: [report('a'), report('b')] }).finish();
  const { count, reports } = splitReportRequest(message, LIMITS);
  expect(count).toBe(2);
  expect(decoded(reports)).toEqual(['a', 'b']);
});

test('a batch of a connection is cut into its number and its reports', () => {
  const message = ConnectRequest.encode({ batch: { number: 7, reports: [report('a')] } }).finish();
  const { number, count, reports } = splitConnectRequest(message, LIMITS);
  expect([number, count, decoded(reports)]).toEqual([7, 1, ['a']]);
});

test('a connection message without a batch has the number 0', () => {
  expect(splitConnectRequest(new Uint8Array(), LIMITS)).toEqual({ number: 0, count: 0, reports: [] });
});

test('reports past the limit are counted, not kept', () => {
  const message = ReportRequest.encode({
    reports: Array.from({ length: 10_000 }, () => report('a')),
  }).finish();
  const { count, reports } = splitReportRequest(message, LIMITS);
  expect([count, reports.length]).toEqual([10_000, 3]);
});

test('fields that a newer client sends are skipped', () => {
  const known = ReportRequest.encode({ reports: [report('a')] }).finish();
  const newer = Uint8Array.of(0x7a, 2, 1, 2, 0x50, 9);
  expect(decoded(splitReportRequest(Buffer.concat([newer, known, newer]), LIMITS).reports)).toEqual(['a']);
});

test.each([
  ['a length past the end', [0x0a, 5, 1]],
  ['a report that is a number', [0x08, 1]],
  ['field 0', [0x00, 0x00]],
  ['an end of a group that never began', [0x0c]],
  ['a varint without end', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
])('%s is not a ReportRequest', (_, bytes) => {
  expect(() => splitReportRequest(Uint8Array.from(bytes), LIMITS)).toThrow(
    /^the bytes are not a ReportRequest: /,
  );
});

test('property: whatever the bytes, they are cut or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const split of [splitReportRequest, splitConnectRequest]) {
        try {
          expect(split(bytes, LIMITS).count).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(isFault(error, 'INVALID_INPUT')).toBe(true);
        }
      }
    }),
  );
});

test('a message over its limit of bytes is TOO_LARGE, with the limit and the way out', () => {
  expect(() => assertWithin(LIMITS, 1_001, 1)).toThrow(
    expect.objectContaining({
      code: 'TOO_LARGE',
      limit: '1000 bytes a message',
      message: 'a message of 1001 bytes, at most 1000 bytes a message: split it',
    }),
  );
});

test.each([
  [0, 'NO_REPORT', 'a message must hold at least one report'],
  [4, 'TOO_MANY_REPORTS', '4 reports, at most 3 a message: split it'],
])('a message of %i reports is refused', (count, reason, description) => {
  expect(() => assertWithin(LIMITS, 10, count)).toThrow(
    expect.objectContaining({
      code: 'INVALID_INPUT',
      violations: [{ field: 'reports', reason, description }],
    }),
  );
});

test('a message at its limits is taken', () => {
  expect(() => assertWithin(LIMITS, 1_000, 3)).not.toThrow();
});
