import { Channel, callBidi } from '@odograph/client/call';
import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { Signals } from '@odograph/contracts/generated/odograph/telemetry/v1/signals';
import {
  type ConnectRequest,
  type ConnectResponse,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { AppendResult } from '@odograph/event-log/pending-append';
import type { AppendOptions } from '@odograph/event-log/publisher';
import { systemClock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { readConfig } from '@odograph/platform/config/config';
import { createGrpcServer, type GrpcServer } from '@odograph/platform/grpc/server';
import { silentLogger } from '@odograph/platform/logger';
import { createNoopMeter } from '@opentelemetry/api';
import { onTestFinished } from 'vitest';
import { MESSAGE_HEADROOM, settings, WINDOW_BATCHES } from '../config.ts';
import type { EventAppender } from './batch-intake.ts';
import { createDoor, type DoorLimits } from './door.ts';

/** A log in memory with one partition and one envelope per report. Tests can delay and refuse what it stores. */
export interface MemoryLog extends EventAppender {
  /** The events of each append. */
  readonly appends: (readonly Event[])[];
  /** Nothing more is stored until the returned function is called. */
  hold(): () => void;
  /** The fault of an append; by default nothing is refused. */
  refuse: (events: readonly Event[]) => Fault | undefined;
}

export function createMemoryLog(): MemoryLog {
  const appends: (readonly Event[])[] = [];
  let released = Promise.resolve();
  async function append(events: readonly Event[], deadlineAtMs: number): Promise<AppendResult> {
    const fault = log.refuse(events);
    if (fault) return fault;
    const sequence = appends.push(events);
    const late = await inTime(released, deadlineAtMs);
    return late ?? { partition: 0, sequence, index: 0 };
  }

  const log: MemoryLog = {
    appends,
    refuse: () => undefined,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      released = promise;
      return resolve;
    },
    partitionCount: () => 1,
    refusal: () => undefined,
    roomIn: () => ({ filledRatio: 0, freeDiskRatio: 1 }),
    appendAll: (all, { deadlineAtMs }: AppendOptions) =>
      Promise.all(all.map((events) => append(events, deadlineAtMs))),
  };
  return log;
}

/** Waits like the publisher, until shortly before the deadline. The append may still be stored after that. */
async function inTime(stored: Promise<void>, deadlineAtMs: number): Promise<Fault | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<Fault>();
  const message = 'not confirmed on disk in time; send it again under the same id';
  const giveUp = () => resolve(new Fault('UNAVAILABLE', message, { retryAfterMs: 1_000 }));
  const timer = setTimeout(giveUp, deadlineAtMs - 100 - Date.now());
  return await Promise.race([stored.then(() => undefined), late]).finally(() => clearTimeout(timer));
}

const { limits: DEFAULT_LIMITS, room } = readConfig(settings, { ODO_NATS_URL: 'nats://127.0.0.1' });

export interface TestDoor {
  readonly log: MemoryLog;
  readonly server: GrpcServer;
  readonly channel: Channel;
  /** Opens a connection. */
  connect(): ReturnType<typeof callBidi<ConnectRequest, ConnectResponse>>;
}

/** The door on a real server on loopback, with a log in memory, until the end of the test. */
export async function openTestDoor(limits: Partial<DoorLimits> = {}): Promise<TestDoor> {
  const log = createMemoryLog();
  const all = { ...DEFAULT_LIMITS, windowBatches: WINDOW_BATCHES, ...limits };
  const door = createDoor({
    publisher: log,
    clock: systemClock,
    limits: all,
    room,
    meter: createNoopMeter(),
    logger: silentLogger,
  });
  const server = await createGrpcServer({
    services: [door.service],
    maxMessageBytes: MESSAGE_HEADROOM * all.maxBytes,
    logger: silentLogger,
  });
  const channel = new Channel(`127.0.0.1:${server.port}`);
  onTestFinished(async () => {
    channel.close();
    await server.stop(0);
  });
  return { log, server, channel, connect: () => callBidi(channel, TelemetryIngestService.connect) };
}

/** A valid report with a sample of one second ago. */
export function report(
  vehicleId: string,
  reportId = 'r-1',
  signals: Partial<Signals> = { speedKmh: 50 },
): VehicleReport {
  const samples = [{ observedAtMs: Date.now() - 1_000, signals: Signals.fromPartial(signals) }];
  return { vehicleId, reportId, samples };
}

/** The types of the events in the log, for each append. */
export function storedTypes(log: MemoryLog): readonly (readonly string[])[] {
  return log.appends.map((events) => events.map((event) => decodeEvent(event).type));
}
