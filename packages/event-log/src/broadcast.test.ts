import {
  Event,
  LogBroadcast,
  PartitionState,
} from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Broadcast, decodeBroadcast, decodeBroadcastHead, encodeBroadcast } from './broadcast.ts';
import { EncodedEvent } from './encoded-event.ts';
import type { StoredEvent } from './log-reader.ts';

const PARTITION = 1;

const anyBroadcast: fc.Arbitrary<Broadcast> = fc
  .array(
    fc.record({
      sequence: fc.integer({ min: 1, max: 2 ** 40 }),
      reportIds: fc.array(fc.string()),
      isEncoded: fc.boolean(),
    }),
  )
  .map((envelopes) => ({
    partition: PARTITION,
    watermark: envelopes.at(-1)?.sequence ?? 0,
    state: PartitionState.RUNNING,
    streamCreatedAtMs: 1_700_000_000_000,
    freeDiskRatio: 0.25,
    envelopes: envelopes.map(({ sequence, reportIds, isEncoded }) => ({
      sequence,
      previousSequence: sequence - 1,
      events: reportIds.map((reportId, index): StoredEvent => {
        const event = Event.create({ reportId, payload: Buffer.from(reportId) });
        const position = { partition: PARTITION, sequence, index };
        return isEncoded ? EncodedEvent.from({ position, event }) : { position, event };
      }),
    })),
  }));

/** The broadcast in a form that can be compared. */
const plain = ({ envelopes, ...head }: Broadcast) => ({
  ...head,
  envelopes: envelopes.map((envelope) => ({
    ...envelope,
    events: envelope.events.map(({ position, event: { reportId, payload } }) => {
      return { position, reportId, payload: Buffer.from(payload).toString() };
    }),
  })),
});

test('a broadcast is encoded as a LogBroadcast, and is the same after decoding', () => {
  fc.assert(
    fc.property(anyBroadcast, (broadcast) => {
      const bytes = encodeBroadcast(broadcast);
      expect(Buffer.from(LogBroadcast.encode(LogBroadcast.decode(bytes)).finish()).length).toBe(bytes.length);
      expect(plain(decodeBroadcast(bytes))).toEqual(plain(broadcast));
    }),
  );
});

test('the head of a broadcast has the same health', () => {
  fc.assert(
    fc.property(anyBroadcast, (broadcast) => {
      expect(decodeBroadcastHead(encodeBroadcast(broadcast))).toEqual({ ...broadcast, envelopes: [] });
    }),
  );
});
