import { descriptorSet } from '@odograph/contracts/descriptors';
import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { Signals } from '@odograph/contracts/generated/odograph/telemetry/v1/signals';
import {
  type ConnectRequest,
  type ConnectResponse,
  TelemetryIngestClient,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { AppendResult } from '@odograph/event-log/publisher';
import { systemClock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { readConfig } from '@odograph/platform/config/config';
import { callBidi, createGrpcClient } from '@odograph/platform/grpc/client';
import { createGrpcServer, type GrpcServer } from '@odograph/platform/grpc/server';
import { silentLogger } from '@odograph/platform/logger';
import { createNoopMeter } from '@opentelemetry/api';
import { onTestFinished } from 'vitest';
import { ingestSettings, WINDOW_BATCHES } from '../config.ts';
import { createDoor, type DoorLimits } from './door.ts';
import type { EventAppender } from './take-reports.ts';

/** A log in memory: one partition, an envelope a report, in flight at once. It can be held up, and can refuse. */
export interface MemoryLog extends EventAppender {
  readonly groups: (readonly Event[])[];
  /** From now on nothing is stored until the returned function is called. */
  hold(): () => void;
  /** What is refused, and why; nothing by default. */
  refuse: (group: readonly Event[]) => Fault | undefined;
}

export function createMemoryLog(): MemoryLog {
  const groups: (readonly Event[])[] = [];
  let released = Promise.resolve();
  async function append(group: readonly Event[], deadlineAtMs: number): Promise<AppendResult> {
    const fault = log.refuse(group);
    if (fault) return fault;
    const sequence = groups.push(group);
    const late = await inTime(released, deadlineAtMs);
    return late ?? { partition: 0, sequence, index: 0 };
  }

  const log: MemoryLog = {
    groups,
    refuse: () => undefined,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      released = promise;
      return resolve;
    },
    appendAll: (all, deadlineAtMs) => Promise.all(all.map((group) => append(group, deadlineAtMs))),
  };
  return log;
}

/** Waits as the log does: no longer than shortly before the deadline, though what is in flight may reach the disk yet. */
async function inTime(stored: Promise<void>, deadlineAtMs: number): Promise<Fault | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<Fault>();
  const message = 'not confirmed on disk in time; send it again under the same report_id';
  const giveUp = () => resolve(new Fault('UNAVAILABLE', message, { retryAfterMs: 1_000 }));
  const timer = setTimeout(giveUp, deadlineAtMs - 100 - Date.now());
  return await Promise.race([stored.then(() => undefined), late]).finally(() => clearTimeout(timer));
}

const DEFAULT_LIMITS = readConfig(ingestSettings, { ODO_NATS_URL: 'nats://127.0.0.1' }).limits;

export interface TestDoor {
  readonly log: MemoryLog;
  readonly server: GrpcServer;
  readonly client: TelemetryIngestClient;
  /** Opens a connection. */
  connect(): ReturnType<typeof callBidi<ConnectRequest, ConnectResponse>>;
}

/** The door on a real server on loopback, with a log in memory behind it, until the test is over. */
export async function openTestDoor(limits: Partial<DoorLimits> = {}): Promise<TestDoor> {
  const log = createMemoryLog();
  const all = { ...DEFAULT_LIMITS, windowBatches: WINDOW_BATCHES, ...limits };
  const door = createDoor({
    events: log,
    clock: systemClock,
    limits: all,
    meter: createNoopMeter(),
    logger: silentLogger,
  });
  const server = await createGrpcServer({
    services: [door],
    descriptorSet,
    maxMessageBytes: 4 * all.maxBytes,
    logger: silentLogger,
  });
  const client = createGrpcClient(TelemetryIngestClient, `127.0.0.1:${server.port}`);
  onTestFinished(async () => {
    client.close();
    await server.stop(0);
  });
  return { log, server, client, connect: () => callBidi(client.connect) };
}

/** A report in order, of a moment ago. */
export function report(
  vehicleId: string,
  reportId = 'r-1',
  signals: Partial<Signals> = { speedKmh: 50 },
): VehicleReport {
  const samples = [{ observedAtMs: Date.now() - 1_000, signals: Signals.fromPartial(signals) }];
  return { vehicleId, reportId, samples };
}

/** The domain's view of what lies in the log: each group as its types. */
export function storedTypes(log: MemoryLog): readonly (readonly string[])[] {
  return log.groups.map((group) => group.map((event) => decodeEvent(event).type));
}
