import { Event, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { encodeBroadcast } from '@odograph/event-log/broadcast';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linkEnvelopes, sizeOf } from './broadcaster.ts';

const anyEvents = fc.array(
  fc.record({ subject: fc.string(), payload: fc.uint8Array({ maxLength: 20_000 }) }).map(Event.create),
  { maxLength: 20 },
);

test('sizeOf is an upper bound of the bytes of a broadcast with one envelope', () => {
  fc.assert(
    fc.property(anyEvents, fc.integer({ min: 1, max: 2 ** 52 }), (events, sequence) => {
      const committed = events.map((event, at) => ({
        position: { partition: 1, sequence, index: at * 99 },
        event,
      }));
      const envelopes = linkEnvelopes([sequence], committed, sequence - 1);
      const head = {
        partition: 1,
        state: PartitionState.HALTED,
        streamCreatedAtMs: 1.8e12,
        freeDiskRatio: 0.5,
      };
      const bytes = encodeBroadcast({ ...head, watermark: sequence, envelopes });
      const [envelope] = envelopes;
      expect(bytes.length).toBeLessThanOrEqual(envelope ? sizeOf(envelope) : 0);
    }),
  );
});
