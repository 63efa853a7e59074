import { ReportOutcome } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { expect, test } from 'vitest';
import { Ledger } from './ledger.ts';

const fleet = createFleet({ movement: 'steps', seed: 1, vehicles: 1 });
const result = (outcome: ReportOutcome, sequence?: number) => ({
  ...{ outcome, findings: [] },
  ...(sequence !== undefined && { position: { partition: 0, sequence, index: 0 } }),
});

function sent() {
  const [ledger, report] = [new Ledger(), fleet.next(0)];
  ledger.recordAttempt(report);
  return { ledger, report };
}

test('a report that was sent and not answered has an unknown outcome', () => {
  const { ledger } = sent();
  expect(ledger.entries()).toMatchObject([{ outcome: 'unknown', timesSent: 1, isFirstTry: false }]);
  expect(ledger.acknowledged()).toEqual([]);
});

test.each([
  [ReportOutcome.ACCEPTED, 'accepted', 1],
  [ReportOutcome.QUARANTINED, 'quarantined', 1],
  [ReportOutcome.REJECTED, 'rejected', 0],
  [ReportOutcome.UNAVAILABLE, 'unknown', 0],
])('outcome %s is remembered as "%s"', (outcome, expected, acknowledged) => {
  const { ledger, report } = sent();
  ledger.recordResult(report, result(outcome));
  expect(ledger.entries()).toMatchObject([{ outcome: expected }]);
  expect(ledger.acknowledged()).toHaveLength(acknowledged);
});

test('the first acknowledgement gives the position of a report, whatever the later ones say', () => {
  const { ledger, report } = sent();
  ledger.recordResult(report, result(ReportOutcome.ACCEPTED, 5));
  ledger.recordAttempt(report);
  ledger.recordResult(report, result(ReportOutcome.ACCEPTED, 9));
  expect(ledger.positionOf(report)?.sequence).toBe(5);
  expect(ledger.entries()).toMatchObject([{ timesSent: 2, isFirstTry: true }]);
});

test('a report that was acknowledged only when it was sent again is not a first try', () => {
  const { ledger, report } = sent();
  ledger.recordResult(report, result(ReportOutcome.UNAVAILABLE));
  ledger.recordAttempt(report);
  ledger.recordResult(report, result(ReportOutcome.ACCEPTED, 5));
  expect(ledger.entries()).toMatchObject([{ outcome: 'accepted', isFirstTry: false }]);
});

test('times give the order of attempts and answers', () => {
  const { ledger, report } = sent();
  ledger.recordResult(report, result(ReportOutcome.ACCEPTED, 5));
  ledger.recordAttempt(fleet.next(0));
  const [first, second] = ledger.entries();
  expect(first?.firstSentAt).toBeLessThan(first?.answeredAt ?? 0);
  expect(first?.answeredAt).toBeLessThan(second?.firstSentAt ?? 0);
});

test('two different outcomes of one report are an error, and so is a result without an attempt', () => {
  const { ledger, report } = sent();
  ledger.recordResult(report, result(ReportOutcome.ACCEPTED, 5));
  ledger.recordAttempt(report);
  expect(() => ledger.recordResult(report, result(ReportOutcome.QUARANTINED, 6))).toThrow('was accepted');
  expect(() => ledger.recordResult(fleet.next(0), result(ReportOutcome.ACCEPTED, 7))).toThrow('was not sent');
});
