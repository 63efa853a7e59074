import { VehicleHistoryService } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { grpcService, unary } from '@odograph/platform/grpc/handler';
import { type SampleDeps, sampleQueries } from './sample-queries.ts';
import { statusQueries } from './status-queries.ts';
import type { VehicleReaderDeps } from './vehicle-reader.ts';

/** Queries about vehicles, over gRPC. */
export function vehicleHistoryService(deps: VehicleReaderDeps & SampleDeps) {
  const { getStatus, listStatus } = statusQueries(deps);
  const { listSamples } = sampleQueries(deps);
  return grpcService(VehicleHistoryService, {
    getStatus: unary(getStatus),
    listStatus: unary(listStatus),
    listSamples: unary(listSamples),
  });
}
