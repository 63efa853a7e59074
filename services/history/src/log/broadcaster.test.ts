import { Event, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { encodeBroadcast } from '@odograph/event-log/broadcast';
import { committedEnvelope } from '@odograph/event-log/committed-envelope.fixture';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sizeOf } from './broadcaster.ts';

const anyEvents = fc.array(
  fc.record({ subject: fc.string(), payload: fc.uint8Array({ maxLength: 20_000 }) }).map(Event.create),
  { maxLength: 20 },
);
const anyFates = fc.array(
  fc.oneof(
    fc.record({ index: fc.nat(2_000), kind: fc.constant('duplicate' as const) }),
    fc.record({ index: fc.nat(2_000), kind: fc.constant('undecodable' as const), reason: fc.string() }),
    fc.record({ index: fc.constant(0), kind: fc.constant('unreadable' as const), reason: fc.string() }),
    fc.integer({ min: 1, max: 2 ** 52 }).map((sequence) => {
      const heldAt = { partition: 1, sequence, index: 1_999 };
      return { index: 1_999, kind: 'conflict' as const, heldAt };
    }),
  ),
  { maxLength: 20 },
);

test('sizeOf is an upper bound of the bytes of a broadcast with one envelope', () => {
  fc.assert(
    fc.property(anyEvents, anyFates, fc.integer({ min: 1, max: 2 ** 52 }), (events, fates, sequence) => {
      const envelope = { ...committedEnvelope({ partition: 1, sequence, events }), fates };
      const head = {
        partition: 1,
        state: PartitionState.HALTED,
        streamCreatedAtMs: 1.8e12,
        freeDiskRatio: 0.5,
      };
      const bytes = encodeBroadcast({ ...head, watermark: sequence, envelopes: [envelope] });
      expect(bytes.length).toBeLessThanOrEqual(sizeOf(envelope) + 64);
    }),
  );
});
