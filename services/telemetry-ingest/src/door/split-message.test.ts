import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import {
  ConnectRequest,
  ReportRequest,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { isFault } from '@odograph/kernel/fault';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitConnectRequest, splitReportRequest } from './split-message.ts';

const LIMITS = { maxBytes: 1_000, maxReports: 3 };

const report = (vehicleId: string) => VehicleReport.fromPartial({ vehicleId, reportId: 'r', samples: [] });
const decoded = (reports: readonly Uint8Array[]) =>
  reports.map((bytes) => VehicleReport.decode(bytes).vehicleId);

test('a request is split into its reports', () => {
  const message = ReportRequest.encode({ reports: [report('a'), report('b')] }).finish();
  const { refusal, reports } = splitReportRequest(message, LIMITS);
  expect(refusal).toBeUndefined();
  expect(decoded(reports)).toEqual(['a', 'b']);
});

test('a batch of a connection is split into its number and its reports', () => {
  const message = ConnectRequest.encode({ batch: { number: 7, reports: [report('a')] } }).finish();
  const { number, reports } = splitConnectRequest(message, LIMITS);
  expect([number, decoded(reports)]).toEqual([7, ['a']]);
});

test('a connection message without a batch has the number 0', () => {
  expect(splitConnectRequest(new Uint8Array(), LIMITS)).toMatchObject({ number: 0, reports: [] });
});

test('a message is read only to the first report above the limit', () => {
  const broken = Buffer.concat([requestOf(4), Uint8Array.of(0x0a, 99, 1)]);
  const { refusal, reports, bytes } = splitReportRequest(broken, LIMITS);
  expect([reports, bytes]).toEqual([[], 0]);
  expect(refusal?.message).toBe('more than 3 reports a message: split it');
});

test('of a message over its limit of bytes no field is read, but the number of a batch', () => {
  const limits = { maxBytes: 5, maxReports: 3 };
  const broken = Uint8Array.of(0x0a, 99, 1, 1, 1, 1);
  expect(splitReportRequest(broken, limits).refusal).toMatchObject({ code: 'TOO_LARGE' });
  const batch = Buffer.concat([Uint8Array.of(0x08, 7), broken]);
  const request = Buffer.concat([Uint8Array.of(0x0a, batch.length), batch, broken]);
  expect(() => splitConnectRequest(request, { ...limits, maxBytes: 100 })).toThrow();
  expect(
    splitConnectRequest(Buffer.concat([Uint8Array.of(0x0a, batch.length), batch]), limits),
  ).toMatchObject({
    number: 7,
    reports: [],
    refusal: { code: 'TOO_LARGE' },
  });
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

test('property: any bytes are split or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const split of [splitReportRequest, splitConnectRequest]) {
        try {
          expect(split(bytes, LIMITS).reports.length).toBeLessThanOrEqual(LIMITS.maxReports);
        } catch (error) {
          expect(isFault(error, 'INVALID_INPUT')).toBe(true);
        }
      }
    }),
  );
});

const requestOf = (count: number) =>
  ReportRequest.encode({ reports: Array.from({ length: count }, () => report('a')) }).finish();

test('a message over its limit of bytes is TOO_LARGE, with the limit and the way out', () => {
  const message = requestOf(1);
  expect(splitReportRequest(message, { maxBytes: message.length, maxReports: 1 }).refusal).toBeUndefined();
  expect(splitReportRequest(message, { maxBytes: 5, maxReports: 1 }).refusal).toMatchObject({
    code: 'TOO_LARGE',
    limit: '5 bytes a message',
    message: `a message of ${message.length} bytes, at most 5 bytes a message: split it`,
  });
});

test.each([
  [0, 'NO_REPORT', 'a message must hold at least one report'],
  [4, 'TOO_MANY_REPORTS', 'more than 3 reports a message: split it'],
])('a message of %i reports is refused', (count, reason, description) => {
  expect(splitReportRequest(requestOf(count), LIMITS).refusal).toMatchObject({
    code: 'INVALID_INPUT',
    findings: [{ field: 'reports', reason, description }],
  });
});

test('a message with as many reports as the limit is not refused', () => {
  expect(splitReportRequest(requestOf(3), LIMITS)).toMatchObject({ refusal: undefined });
});
