import {
  type Finding,
  ReportOutcome,
  type ReportResult,
} from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { describe, expect, it } from 'vitest';
import { Tally } from './tally.ts';

const { ACCEPTED, QUARANTINED, REJECTED, UNAVAILABLE } = ReportOutcome;
const finding = (field: string): Finding => ({ field, reason: 'X', description: 'is odd' });

function resultOf(
  outcome: ReportOutcome,
  fields: readonly string[] = [],
  position?: ReportResult['position'],
) {
  return { outcome, findings: fields.map(finding), position };
}

describe('the totals of a replay', () => {
  it('count each outcome, and what was accepted in part or sent again', () => {
    const tally = new Tally(() => undefined);
    tally.settled(1, resultOf(ACCEPTED), 1);
    tally.settled(2, resultOf(ACCEPTED, ['samples[0].signals.speed_kmh']), 3);
    tally.settled(3, resultOf(ACCEPTED, ['vin']), 1);
    tally.settled(4, resultOf(QUARANTINED, ['samples[0].observed_at_ms']), 2);
    tally.settled(5, resultOf(REJECTED), 0);
    tally.unreadable(6, 'not JSON');
    expect(tally.totals).toEqual({
      ...{ sent: 6, accepted: 3, acceptedInPart: 1, quarantined: 1, rejected: 2, unreadable: 1 },
      ...{ resent: 3, positions: [] },
    });
  });

  it('have the last position of each partition, by partition', () => {
    const tally = new Tally(() => undefined);
    const positions = [
      [1, 7, 3],
      [0, 9, 0],
      [1, 7, 12],
      [0, 8, 5],
    ] as const;
    for (const [row, [partition, sequence, index]] of positions.entries())
      tally.settled(row, resultOf(ACCEPTED, [], { partition, sequence, index }), 1);
    expect(tally.totals.positions).toEqual([
      { partition: 0, sequence: 9, index: 0 },
      { partition: 1, sequence: 7, index: 12 },
    ]);
  });

  it('come with the row and the reason of each rejection', () => {
    const rejected: [number, string][] = [];
    const tally = new Tally((row, reason) => void rejected.push([row, reason]));
    tally.unreadable(1, 'not JSON');
    tally.settled(2, resultOf(REJECTED, ['vehicle_id', 'report_id']), 1);
    tally.settled(3, resultOf(REJECTED, ['']), 1);
    tally.settled(4, resultOf(REJECTED), 1);
    expect(rejected).toEqual([
      [1, 'not JSON'],
      [2, 'vehicle_id: is odd; report_id: is odd'],
      [3, 'is odd'],
      [4, 'no reason was given'],
    ]);
  });

  it('count nothing that is not a final outcome', () => {
    const tally = new Tally(() => undefined);
    expect(() => tally.settled(1, resultOf(UNAVAILABLE), 1)).toThrow('unknown outcome');
    expect(tally.sent).toBe(0);
  });
});
