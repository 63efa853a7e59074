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
import type { RoomLimits } from './room.ts';
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

/** The service `TelemetryIngest`. Its requests stay bytes, because each report is decoded on its own. */
export function createDoor({ publisher, clock, limits, room, meter, logger }: DoorDeps): GrpcService {
  const metrics = createDoorMetrics(meter);
  const clients = createClientLimits({ quota: limits, clock, metrics });
  const intake = new BatchIntake({ publisher, clients, clock, limits, room, metrics });
  return grpcService(withRawRequests(TelemetryIngestService, 'report', 'connect'), {
    report: unary(async (message, call) => {
      const batch = splitReportRequest(message, limits);
      using _held = clients.holdBatch(call.client, batch);
      return { results: await intake.take(batch, { ...call, failsIfAllAreRejected: true }) };
    }),
    connect: bidi((requests, send, call) =>
      new Connection({ intake, clients, limits, clock, logger }, call).serve(requests, send),
    ),
  });
}
