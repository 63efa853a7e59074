import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { expect, test } from 'vitest';
import {
  eventsAt,
  eventsOf,
  type Fate,
  type SentEvent,
  type StreamMessage,
  sentEvents,
} from './committed-envelope.ts';
import { encodeEnvelopeEntry, MAX_ENVELOPE_EVENTS } from './envelope.ts';
import type { StoredEvent } from './log-reader.ts';
import { packEnvelope } from './packed-envelope.ts';

const good = (reportId: string) =>
  Event.create({
    payload: Buffer.alloc(0),
    type: 'TelemetryReported',
    subject: 'V1',
    reportId,
    contentHash: Buffer.alloc(16),
  });
const faulty = { ...good('faulty'), contentHash: Buffer.alloc(3) };

const messageOf = (events: readonly Event[]): StreamMessage => {
  return {
    partition: 3,
    sequence: 7,
    storedAtMs: 1_000,
    bytes: packEnvelope(events.map(encodeEnvelopeEntry)),
  };
};
const seenOf = (message: StreamMessage, fates: readonly Fate[]) =>
  shown(eventsOf({ ...message, previousSequence: 6, fates }));
const fatesOf = (events: readonly SentEvent[]): readonly Fate[] =>
  events.flatMap(({ undecodable }) => undecodable ?? []);
const shown = (events: readonly StoredEvent[]) =>
  events.map(({ position: { index }, event: { type, reportId } }) => [index, type, reportId]);

test('events are sent as they were encoded, at their positions', () => {
  const events = sentEvents(messageOf([good('a'), good('b')]));
  expect(events.map(({ stored: { position, event } }) => ({ position, event }))).toEqual([
    { position: { partition: 3, sequence: 7, index: 0 }, event: good('a') },
    { position: { partition: 3, sequence: 7, index: 1 }, event: good('b') },
  ]);
  expect(events.map(({ event }) => event)).toEqual([good('a'), good('b')]);
  expect(fatesOf(events)).toEqual([]);
});

test('an event that is not valid becomes UndecodableReceived, and the other events are read', () => {
  const message = messageOf([good('a'), faulty, good('b')]);
  const events = sentEvents(message);
  expect(events.map(({ event }) => event.type)).toEqual([
    'TelemetryReported',
    'UndecodableReceived',
    'TelemetryReported',
  ]);
  expect(fatesOf(events)).toEqual([
    { index: 1, kind: 'undecodable', reason: 'the content hash has 3 bytes, not 16' },
  ]);
  expect(
    eventsOf({ ...message, previousSequence: 6, fates: fatesOf(events) }).map(({ event }) => event),
  ).toEqual(events.map(({ event }) => event));
});

test('a message that is not an envelope, or has too many events, becomes one UndecodableReceived', () => {
  const long = messageOf(Array.from({ length: MAX_ENVELOPE_EVENTS + 1 }, () => good('a')));
  for (const message of [{ ...long, bytes: Buffer.from([0xff, 0xff]) }, long]) {
    const events = sentEvents(message);
    expect(events.map(({ stored, event }) => [stored.position.index, event.type])).toEqual([
      [0, 'UndecodableReceived'],
    ]);
    const [sent] = events;
    const seen = eventsOf({ ...message, previousSequence: 6, fates: fatesOf(events) });
    expect(seen.map(({ event }) => event)).toEqual([sent?.event]);
    expect(fatesOf(events)).toEqual([{ index: 0, kind: 'unreadable', reason: expect.any(String) }]);
    expect(() => seenOf(message, [])).toThrow(/envelope 3\/7 of the log/);
  }
});

test('a message that could not be decoded when it was judged stays one event, also if it can be decoded now', () => {
  const fate = { index: 0, kind: 'unreadable', reason: 'too many events' } as const;
  expect(seenOf(messageOf([good('a'), good('b')]), [fate])).toEqual([
    [0, 'UndecodableReceived', expect.any(String)],
  ]);
});

test('a message that was set aside is one UndecodableReceived, whatever a program knows of its form', () => {
  const known = messageOf([good('a')]);
  for (const message of [{ ...known, bytes: Buffer.of(0xd0, 9) }, known]) {
    const events = sentEvents(message, true);
    expect(fatesOf(events)).toEqual([
      { index: 0, kind: 'unreadable', reason: expect.stringContaining('set aside') },
    ]);
    expect(seenOf(message, fatesOf(events))).toEqual([[0, 'UndecodableReceived', expect.any(String)]]);
  }
});

test('readers see no duplicates, a conflict in place of a report, and the other events unchanged', () => {
  const heldAt = { partition: 3, sequence: 2, index: 9 };
  const fates: Fate[] = [
    { index: 2, kind: 'conflict', heldAt },
    { index: 0, kind: 'duplicate' },
  ];
  expect(seenOf(messageOf([good('a'), good('b'), good('c')]), fates)).toEqual([
    [1, 'TelemetryReported', 'b'],
    [2, 'TelemetryConflicted', 'c'],
  ]);
});

test('a message without bytes has no events, before and after it is judged', () => {
  const marker = { ...messageOf([]), bytes: Buffer.of() };
  expect(sentEvents(marker)).toEqual([]);
  expect(seenOf(marker, [])).toEqual([]);
  expect(seenOf(marker, [{ index: 0, kind: 'duplicate' }])).toEqual([]);
});

test('some events of an envelope are those of all, with their indexes and fates', () => {
  const message = messageOf([good('a'), faulty, good('b'), good('c'), good('d')]);
  const fates: readonly Fate[] = [
    { index: 1, kind: 'undecodable', reason: 'the content hash has 3 bytes, not 16' },
    { index: 2, kind: 'duplicate' },
    { index: 3, kind: 'conflict', heldAt: { partition: 3, sequence: 2, index: 9 } },
  ];
  const envelope = { ...message, previousSequence: 6, fates };
  const at = (...indexes: readonly number[]) =>
    eventsAt(envelope, new Set(indexes)).map(({ position, event }) => ({ position, event }));
  const all = eventsOf(envelope).map(({ position, event }) => ({ position, event }));
  expect(at(0, 1, 2, 3, 4)).toEqual(all);
  expect(at(4, 1)).toEqual(all.filter(({ position: { index } }) => index === 1 || index === 4));
  expect(at(2, 7)).toEqual([]);
});
