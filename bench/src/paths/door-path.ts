import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import { createPublisher } from '@odograph/event-log/publisher';
import type { StreamWatch } from '@odograph/event-log/stream-watch';
import { systemClock } from '@odograph/kernel/clock';
import { createFleet } from '@odograph/sources/scripted/fleet';
import { createTakeReports } from '@odograph/telemetry-ingest/door/take-reports';
import { cpuMicrosEach, type PathCost } from './cpu-time.ts';

const BATCH = 150;
/** Batches under way, as from four connections with six each. */
const UNDER_WAY = 24;
/** About what an fsync takes. */
const STORE_MS = 3;
const LIMITS = { maxSamples: 1_000, futureToleranceMs: 300_000 };
const CALL = {
  deadlineAtMs: Number.MAX_SAFE_INTEGER,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

/** The door from a batch's bytes to its acknowledgement, with a JetStream that does nothing but wait: no gRPC, no NATS. */
export function doorPath(reports: number): () => Promise<PathCost> {
  const fleet = createFleet({ vehicles: 2_000, samplesPerReport: 1, seed: 1 });
  const nextBatch = (at: number) =>
    Array.from({ length: BATCH }, (_, index) => fleet.next((at * BATCH + index) % 2_000).bytes);
  const batches = Array.from({ length: reports / BATCH }, (_, at) => nextBatch(at));
  const publisher = createPublisher({ jetstream: waitingJetStream(), watch: OPEN });
  const take = createTakeReports({ events: publisher, clock: systemClock, limits: LIMITS });

  async function takeAll(): Promise<void> {
    const queue = batches.values();
    const takeNext = async () => {
      for (const batch of queue) await take(batch, CALL);
    };
    await Promise.all(Array.from({ length: UNDER_WAY }, takeNext));
  }

  return async () => ({ 'door: judge, encode, acknowledge': await cpuMicrosEach(reports, takeAll) });
}

function waitingJetStream(): JetStreamClient {
  let sequence = 0;
  const publish = async () => {
    await delay(STORE_MS);
    sequence += 1;
    return { seq: sequence };
  };
  return { publish } as unknown as JetStreamClient;
}

const OPEN: StreamWatch = {
  partitionCount: () => 2,
  assertOpen: () => undefined,
  assertRoom: () => undefined,
  noteStored: () => undefined,
  stop: () => undefined,
};
