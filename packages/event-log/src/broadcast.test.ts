import { Event, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Broadcast, decodeBroadcast, decodeBroadcastHead, encodeBroadcast } from './broadcast.ts';
import { committedEnvelope } from './committed-envelope.fixture.ts';
import { eventsOf, type Fate } from './committed-envelope.ts';

const PARTITION = 1;
const HEAD = {
  partition: PARTITION,
  state: PartitionState.RUNNING,
  streamCreatedAtMs: 1_700_000_000_000,
  freeDiskRatio: 0.25,
};

const anyPlace = fc.record({
  partition: fc.constant(PARTITION),
  sequence: fc.integer({ min: 1 }),
  index: fc.nat(99),
});
const anyFate: fc.Arbitrary<Fate> = fc.oneof(
  fc.record({ index: fc.nat(5), kind: fc.constant('duplicate' as const) }),
  fc.record({ index: fc.nat(5), kind: fc.constant('conflict' as const), heldAt: anyPlace }),
  fc.record({ index: fc.nat(5), kind: fc.constant('undecodable' as const), reason: fc.string() }),
  fc.record({ index: fc.constant(0), kind: fc.constant('unreadable' as const), reason: fc.string() }),
);

const anyEnvelope = fc
  .record({
    sequence: fc.integer({ min: 1, max: 2 ** 40 }),
    reportIds: fc.array(fc.string(), { maxLength: 6 }),
    fates: fc.uniqueArray(anyFate, { selector: ({ index }) => index, maxLength: 3 }),
  })
  .map(({ sequence, reportIds, fates }) => {
    const events = reportIds.map((reportId) =>
      Event.create({
        type: 'T',
        subject: 'V',
        reportId,
        contentHash: Buffer.alloc(16),
        payload: Buffer.of(1),
      }),
    );
    const envelope = { ...committedEnvelope({ partition: PARTITION, sequence, events }), fates };
    return { ...envelope, events: eventsOf(envelope) };
  });

const anyBroadcast: fc.Arbitrary<Broadcast> = fc.array(anyEnvelope).map((envelopes) => {
  return { ...HEAD, watermark: envelopes.at(-1)?.sequence ?? 0, envelopes };
});

/** The broadcast in a form that can be compared, with what readers see of it. */
const plain = ({ envelopes, ...head }: Broadcast) => ({
  ...head,
  envelopes: envelopes.map(({ bytes, events, ...envelope }) => ({
    ...envelope,
    bytes: Buffer.from(bytes).toString('hex'),
    events: events.map(({ position, event: { type, reportId } }) => ({ position, type, reportId })),
  })),
});

test('a broadcast is the same after decoding, and so are the events that readers see', () => {
  fc.assert(
    fc.property(anyBroadcast, (broadcast) => {
      expect(plain(decodeBroadcast(encodeBroadcast(broadcast)))).toEqual(plain(broadcast));
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
