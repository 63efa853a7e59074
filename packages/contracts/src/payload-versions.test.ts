import { describe, expect, test } from 'vitest';
import { ParkedEventDropped, QuarantineReason, TimeTicked } from './generated/odograph/telemetry/v1/event.ts';
import { Position } from './generated/odograph/telemetry/v1/position.ts';
import { firstVersion } from './payload-versions.ts';

/** Invented versions: 1 is a reason, 2 is a position with only a sequence, 3 is a parked event. */
const history = firstVersion(QuarantineReason)
  .upcastTo(Position, ({ field }) => ({ partition: 7, sequence: field.length, index: undefined }))
  .upcastTo(ParkedEventDropped, (position) => ({
    projection: 'status',
    position: { ...position, index: 0 },
  }));

const inVersion1 = QuarantineReason.encode({ field: 'speed', reason: '', description: '' }).finish();
const inVersion2 = Position.encode({ partition: 3, sequence: 9 }).finish();

describe('the versions of a payload', () => {
  test('are written in the newest version', () => {
    const payload = { projection: 'samples', position: { partition: 1, sequence: 2, index: 3 } };
    expect(history.newest).toBe(3);
    expect(ParkedEventDropped.decode(history.encode(payload))).toEqual(payload);
  });

  test('are read from the oldest version through every upcaster', () => {
    expect(history.decode(1, inVersion1)).toEqual({
      projection: 'status',
      position: { partition: 7, sequence: 5, index: 0 },
    });
  });

  test('are read from a version in the middle through the later upcasters', () => {
    expect(history.decode(2, inVersion2)).toEqual({
      projection: 'status',
      position: { partition: 3, sequence: 9, index: 0 },
    });
  });

  test('begin with 1', () => {
    expect(() => history.decode(0, inVersion1)).toThrow('payload version 0 was never written');
    expect(firstVersion(TimeTicked).newest).toBe(1);
  });
});
