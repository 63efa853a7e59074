import { ReportOutcome } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { createFleet } from '@odograph/sources/scripted/fleet';
import { expect, test } from 'vitest';
import { Ledger } from './ledger.ts';

const fleet = createFleet({ seed: 1, vehicles: 1 });
const told = (outcome: ReportOutcome, sequence?: number) => ({
  ...{ outcome, findings: [] },
  ...(sequence !== undefined && { position: { partition: 0, sequence, index: 0 } }),
});

function sent() {
  const [ledger, report] = [new Ledger(), fleet.next(0)];
  ledger.sending(report);
  return { ledger, report };
}

test('what was sent and not answered is known, and told nothing', () => {
  const { ledger } = sent();
  expect(ledger.entries()).toMatchObject([{ told: 'nothing', timesSent: 1, isFirstTry: false }]);
  expect(ledger.acknowledged()).toEqual([]);
});

test.each([
  [ReportOutcome.ACCEPTED, 'accepted', 1],
  [ReportOutcome.QUARANTINED, 'quarantined', 1],
  [ReportOutcome.REJECTED, 'rejected', 0],
  [ReportOutcome.UNAVAILABLE, 'nothing', 0],
])('outcome %s is remembered as "%s"', (outcome, expected, acknowledged) => {
  const { ledger, report } = sent();
  ledger.told(report, told(outcome));
  expect(ledger.entries()).toMatchObject([{ told: expected }]);
  expect(ledger.acknowledged()).toHaveLength(acknowledged);
});

test('the first acknowledgement says where a report lies, whatever comes when it is sent again', () => {
  const { ledger, report } = sent();
  ledger.told(report, told(ReportOutcome.ACCEPTED, 5));
  ledger.sending(report);
  ledger.told(report, told(ReportOutcome.ACCEPTED, 9));
  expect(ledger.positionOf(report)?.sequence).toBe(5);
  expect(ledger.entries()).toMatchObject([{ timesSent: 2, isFirstTry: true }]);
});

test('a report that was acknowledged only when it was sent again is no first try', () => {
  const { ledger, report } = sent();
  ledger.told(report, told(ReportOutcome.UNAVAILABLE));
  ledger.sending(report);
  ledger.told(report, told(ReportOutcome.ACCEPTED, 5));
  expect(ledger.entries()).toMatchObject([{ told: 'accepted', isFirstTry: false }]);
});

test('times tell what came before what', () => {
  const { ledger, report } = sent();
  ledger.told(report, told(ReportOutcome.ACCEPTED, 5));
  ledger.sending(fleet.next(0));
  const [first, second] = ledger.entries();
  expect(first?.firstSentAt).toBeLessThan(first?.toldAt ?? 0);
  expect(first?.toldAt).toBeLessThan(second?.firstSentAt ?? 0);
});

test('whoever is told two things of one report is lied to', () => {
  const { ledger, report } = sent();
  ledger.told(report, told(ReportOutcome.ACCEPTED, 5));
  ledger.sending(report);
  expect(() => ledger.told(report, told(ReportOutcome.QUARANTINED, 6))).toThrow('was accepted');
  expect(() => ledger.told(fleet.next(0), told(ReportOutcome.ACCEPTED, 7))).toThrow('no result can be');
});
