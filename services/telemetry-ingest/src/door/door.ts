import { TelemetryIngestService } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { Clock } from '@odograph/kernel/clock';
import { bidi, type GrpcService, grpcService, unary, withRawRequests } from '@odograph/platform/grpc/handler';
import type { Logger } from '@odograph/platform/logger';
import type { Meter } from '@opentelemetry/api';
import type { ReportLimits } from '../domain/report.ts';
import { type ClientQuota, createClientLimits } from './client-limits.ts';
import { type ConnectionSettings, createConnection } from './connection.ts';
import { createDoorMetrics } from './metrics.ts';
import { createReportCall } from './report-call.ts';
import { createTakeBatch } from './take-batch.ts';
import { createTakeReports, type EventAppender } from './take-reports.ts';

export interface DoorLimits extends ReportLimits, ConnectionSettings, ClientQuota {}

export interface DoorParts {
  /** Where events are put on disk. */
  readonly events: EventAppender;
  readonly clock: Clock;
  readonly limits: DoorLimits;
  readonly meter: Meter;
  readonly logger: Logger;
}

/** The service `TelemetryIngest`. Its requests come as bytes, as each report is decoded on its own. */
export function createDoor({ events, clock, limits, meter, logger }: DoorParts): GrpcService {
  const metrics = createDoorMetrics(meter);
  const clients = createClientLimits({ quota: limits, clock, metrics });
  const take = createTakeReports({ events, clock, limits });
  const takeBatch = createTakeBatch({ take, clients, limits, metrics });
  return grpcService(withRawRequests(TelemetryIngestService, 'report', 'connect'), {
    report: unary(createReportCall({ takeBatch, limits })),
    connect: bidi(createConnection({ takeBatch, clients, limits, clock, logger })),
  });
}
