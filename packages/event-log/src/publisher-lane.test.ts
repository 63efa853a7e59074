import type { JetStreamClient } from '@nats-io/jetstream';
import { FairShare } from '@odograph/kernel/fair-share';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AppendResults, PendingAppend } from './pending-append.ts';
import { PublisherLane } from './publisher-lane.ts';
import { SHARED_PUBLISHER_OPTIONS } from './publisher-options.ts';

const OPTIONS = { ...SHARED_PUBLISHER_OPTIONS, envelopeEvents: 100, ackTimeoutMs: 5_000 };
const { lingerMs, quietMs, spacingMs } = OPTIONS;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A lane to a stream that stores everything at once. */
function openLane() {
  const envelopes: { atMs: number; events: number }[] = [];
  const startMs = performance.now();
  const lane = new PublisherLane({
    partition: 0,
    jetstream: { publish: async () => ({ seq: 1 }) } as unknown as JetStreamClient,
    watch: { refusal: () => undefined, assertOpen: () => undefined, acknowledged: () => undefined },
    options: OPTIONS,
    metrics: {
      stored: (_, { events }) => void envelopes.push({ atMs: performance.now() - startMs, events }),
      retried: () => undefined,
    },
    queued: new FairShare(OPTIONS.maxQueuedBytes),
  });
  const append = (events = 1) => {
    const entries = Array.from({ length: events }, () => new Uint8Array(10));
    const append = { entries, bytes: 10 * events, deadlineAtMs: Date.now() + 10_000 };
    lane.append(new PendingAppend(append, new AppendResults(1), 0));
  };
  return { append, envelopes };
}

test('an event after a rest waits only for those that come with it', async () => {
  const { append, envelopes } = openLane();
  append();
  append();
  await vi.advanceTimersByTimeAsync(spacingMs);
  expect(envelopes).toEqual([{ atMs: lingerMs, events: 2 }]);
});

test('events that keep coming leave together, an envelope for each spacing', async () => {
  const { append, envelopes } = openLane();
  for (let ms = 0; ms < 3 * spacingMs; ms += 2) {
    append();
    await vi.advanceTimersByTimeAsync(2);
  }
  const [first, ...others] = envelopes;
  expect(first?.atMs).toBe(lingerMs);
  expect(others.map(({ atMs }) => atMs)).toEqual([lingerMs + spacingMs, lingerMs + 2 * spacingMs]);
  expect(others.map(({ events }) => events)).toEqual([spacingMs / 2, spacingMs / 2]);
});

test('who waits for the answer before the next report does not wait for the spacing', async () => {
  const { append, envelopes } = openLane();
  for (let turn = 0; turn < 3; turn += 1) {
    const stored = envelopes.length;
    append();
    while (envelopes.length === stored) await vi.advanceTimersByTimeAsync(1);
  }
  const [, second, third] = envelopes.map(({ atMs }) => atMs);
  expect((third ?? 0) - (second ?? 0)).toBe(lingerMs + quietMs);
});

test('a full envelope leaves at once, and the rest with the next one', async () => {
  const { append, envelopes } = openLane();
  append();
  await vi.advanceTimersByTimeAsync(spacingMs);
  for (let event = 0; event < 250; event += 1) append();
  await vi.advanceTimersByTimeAsync(0);
  expect(envelopes.map(({ events }) => events)).toEqual([1, 100, 100]);
  await vi.advanceTimersByTimeAsync(spacingMs);
  expect(envelopes.map(({ events }) => events)).toEqual([1, 100, 100, 50]);
});
