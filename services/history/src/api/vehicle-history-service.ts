import { VehicleHistoryService } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { grpcService, unary } from '@odograph/platform/grpc/handler';
import { type SampleParts, sampleQueries } from './sample-queries.ts';
import { type StatusParts, statusQueries } from './status-queries.ts';

/** What is known of vehicles, over gRPC. */
export function vehicleHistoryService(parts: StatusParts & SampleParts) {
  const { getStatus, listStatus } = statusQueries(parts);
  const { listSamples } = sampleQueries(parts);
  return grpcService(VehicleHistoryService, {
    getStatus: unary(getStatus),
    listStatus: unary(listStatus),
    listSamples: unary(listSamples),
  });
}
