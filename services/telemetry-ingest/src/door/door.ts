import { TelemetryIngestService } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { Clock } from '@odograph/kernel/clock';
import { bidi, type GrpcService, grpcService, unary, withRawRequests } from '@odograph/platform/grpc/handler';
import type { Logger } from '@odograph/platform/logger';
import type { Meter } from '@opentelemetry/api';
import type { ReportLimits } from '../domain/report.ts';
import { BatchIntake, type EventAppender } from './batch-intake.ts';
import { type ClientQuota, createClientLimits } from './client-limits.ts';
import { Connection, type ConnectionSettings } from './connection.ts';
import { createDoorMetrics } from './metrics.ts';
import { createRefusals } from './refusals.ts';
import { type RoomLimits, TelemetryRoom } from './room.ts';
import { splitReportRequest } from './split-message.ts';

export interface DoorLimits extends ReportLimits, ConnectionSettings, ClientQuota {}

interface DoorDeps {
  /** Stores events on disk. */
  readonly publisher: EventAppender;
  readonly clock: Clock;
  readonly limits: DoorLimits;
  readonly room: RoomLimits;
  readonly meter: Meter;
  readonly logger: Logger;
}

interface Door {
  /** The service `TelemetryIngest`. Its requests stay bytes, because each report is decoded on its own. */
  readonly service: GrpcService;
  /** Why it is of no use to send reports here, which has been so for a while; undefined if some are taken. Ask every second. */
  notReadyBecause(): string | undefined;
}

/** How long everything is refused before the door counts as not ready, in milliseconds. */
const NOT_READY_AFTER_MS = 5_000;

export function createDoor({ publisher, clock, limits, room: roomLimits, meter, logger }: DoorDeps): Door {
  const metrics = createDoorMetrics(meter);
  const clients = createClientLimits({ quota: limits, clock, metrics });
  const room = new TelemetryRoom(publisher, roomLimits);
  const refusals = createRefusals({ publisher, room, clock });
  const intake = new BatchIntake({ publisher, clients, clock, limits, room, metrics });
  const service = grpcService(withRawRequests(TelemetryIngestService, 'report', 'connect'), {
    report: unary(async (message, call) => {
      const batch = splitReportRequest(message, limits);
      using _held = clients.holdBatch(call.client, batch);
      return { results: await intake.take(batch, { ...call, failsIfAllAreRejected: true }) };
    }),
    connect: bidi((requests, send, call) =>
      new Connection({ intake, clients, limits, clock, logger }, call).serve(requests, send),
    ),
    describe: unary(async () => {
      const { partitions, refusal } = refusals.look();
      const reportsTaken = metrics.reportsTaken();
      return { partitions: [...partitions], refusal, reportsTaken, nowMs: clock.now() };
    }),
  });
  return {
    service,
    notReadyBecause() {
      const { refusal } = refusals.look();
      return refusal && clock.now() - refusal.sinceMs >= NOT_READY_AFTER_MS ? refusal.reason : undefined;
    },
  };
}
