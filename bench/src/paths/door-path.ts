import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import { MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import { EventPublisher, type PublisherDeps } from '@odograph/event-log/publisher';
import { SHARED_PUBLISHER_OPTIONS } from '@odograph/event-log/publisher-options';
import { systemClock } from '@odograph/kernel/clock';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { BatchIntake } from '@odograph/telemetry-ingest/door/batch-intake';
import { createClientLimits } from '@odograph/telemetry-ingest/door/client-limits';
import type { DoorMetrics } from '@odograph/telemetry-ingest/door/metrics';
import { TelemetryRoom } from '@odograph/telemetry-ingest/door/room';
import { cpuMicrosEach, type PathCost } from './cpu-time.ts';

const OPTIONS = { ...SHARED_PUBLISHER_OPTIONS, envelopeEvents: MAX_ENVELOPE_EVENTS, ackTimeoutMs: 5_000 };
const BATCH = 150;
/** Batches in flight, as from four connections with six each. */
const IN_FLIGHT = 24;
/** About the duration of an fsync. */
const STORE_MS = 3;
const LIMITS = { maxSamples: 1_000, futureToleranceMs: 300_000 };
const ROOM = { fullPct: 90, minFreeDiskPct: 10 };
/** They are counted, and nothing is refused. */
const QUOTA = {
  ...{ maxConnections: 1, reportsPerSecond: 1e9, windowsPerSecond: 1e9, vehiclesPerSecond: 1e6 },
  maxWorkBytes: 1e9,
};
const CALL = {
  client: 'bench',
  failsIfAllAreRejected: true,
  deadlineAtMs: Number.MAX_SAFE_INTEGER,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

/** Ingest from the bytes of a batch to its acknowledgement, without gRPC, and with a JetStream that only waits. */
export function doorPath(reports: number): () => Promise<PathCost> {
  const fleet = createFleet({ movement: 'steps', vehicles: 2_000, samplesPerReport: 1, seed: 1 });
  const nextBatch = (at: number) =>
    Array.from({ length: BATCH }, (_, index) => fleet.next((at * BATCH + index) % 2_000).bytes);
  const batches = Array.from({ length: reports / BATCH }, (_, at) => nextBatch(at));
  const metrics = { stored: () => undefined, retried: () => undefined };
  const events = new EventPublisher({
    jetstream: waitingJetStream(),
    watch: OPEN,
    metrics,
    options: OPTIONS,
  });
  const intake = new BatchIntake({
    publisher: events,
    clients: createClientLimits({ quota: QUOTA, clock: systemClock, metrics: NO_METRICS }),
    clock: systemClock,
    limits: LIMITS,
    room: new TelemetryRoom(OPEN, ROOM),
    metrics: NO_METRICS,
  });

  async function takeAll(): Promise<void> {
    const queue = batches.values();
    const takeNext = async () => {
      for (const reports of queue) await intake.take({ reports, refusal: undefined }, CALL);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, takeNext));
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

const NO_METRICS: DoorMetrics = {
  batchTaken: () => undefined,
  answered: () => undefined,
  reportsTaken: () => 0,
  refused: () => undefined,
  refusedInPart: () => undefined,
  connectionOpened: () => undefined,
  connectionClosed: () => undefined,
};

const OPEN: PublisherDeps['watch'] = {
  partitionCount: () => 2,
  roomIn: () => ({ filledRatio: 0.1, freeDiskRatio: 0.5 }),
  closure: () => undefined,
  refusal: () => undefined,
  assertOpen: () => undefined,
  acknowledged: () => undefined,
};
